/** What a machine must offer beyond Node.js. */
export type Need = 'root' | 'loop' | 'strace' | 'libfaketime' | 'postgres'

/** What an experiment is given. */
export interface Context {
  trials: number
  /** An empty folder, removed afterwards. */
  folder: string
  /** Numbers from 0 up to 1, the same ones for the same seed. */
  random(): number
  /** Minutes of a run whose length is a time and not a number of trials. */
  minutes: number
  /** What every limit of time is multiplied by: 1, and more where other work shares the machine. */
  slack: number
  /** Tells whoever watches how far it has come. */
  say(line: string): void
}

/** What came of it. Everything in the four lists, by name, is something that did not hold. */
export interface Outcome {
  trials: number
  faults: number
  acknowledged: number
  /** Acknowledged, and gone. */
  lost: string[]
  /** Ended or replaced, and accepted all the same. */
  resurrected: string[]
  /** Good for one use, and used twice. */
  duplicated: string[]
  /** Whatever else did not hold. */
  violations: string[]
  longestOutageMs: number
  figures?: Record<string, string | number>
}

/** One way to harm the service, and what must hold all the same. */
export interface Experiment {
  name: string
  title: string
  holds: string
  trials: number
  /** Trials of the short form; 0 leaves it out. */
  quick: number
  needs?: Need[]
  run(context: Context): Promise<Outcome>
}

/** An outcome in which nothing has happened yet. */
export const emptyOutcome = (): Outcome => ({
  trials: 0,
  faults: 0,
  acknowledged: 0,
  lost: [],
  resurrected: [],
  duplicated: [],
  violations: [],
  longestOutageMs: 0
})

/** Whether everything held. */
export const held = ({ lost, resurrected, duplicated, violations }: Outcome): boolean =>
  lost.length + resurrected.length + duplicated.length + violations.length === 0
