interface Parts<Value> {
  /** Gets a new value, and for how many milliseconds it is good. */
  load(): Promise<{ value: Value; goodFor: number }>
  /** Whether a value that is over its time by so many milliseconds may still be used while no new one can be had. */
  tolerates(staleness: number): boolean
  now(): number
}

/** What is kept here of something that Postern has, and asked for again in time. */
export interface Copy<Value> {
  /** The value, if it may be used without asking anybody. Asks for a new one beside that, from half of its time on. */
  ready(): Value | undefined
  /** The value, asked for when there is none or it is over its time. Rejects when none can be had. */
  get(): Promise<Value>
  /** Asks for a new value although this one is good, unless that was done or tried within `pause` milliseconds. */
  refresh(pause: number): Promise<void>
}

/** How long to leave Postern alone after it did not answer. */
const PAUSE_AFTER_FAULT = 1_000

/** A copy that asks once at a time, however many need it, and uses an old value no longer than it is told. */
export function keepCopy<Value>({ load, tolerates, now }: Parts<Value>): Copy<Value> {
  let held: { value: Value; from: number; goodFor: number } | undefined
  let pending: Promise<void> | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let fault: unknown

  function ask(): Promise<void> {
    pending ??= attempt().finally(() => {
      pending = undefined
    })
    return pending
  }

  // It counts from the moment it was asked for: a revocation may have come while the answer was under way.
  async function attempt(): Promise<void> {
    triedAt = now()
    const from = triedAt
    try {
      const { value, goodFor } = await load()
      held = { value, from, goodFor }
      fault = undefined
    } catch (error) {
      fault = error
    }
  }

  const age = () => (held ? now() - held.from : Number.POSITIVE_INFINITY)
  // A clock that was set back makes an age negative; such a value is asked for again.
  const isGood = () => held !== undefined && age() < held.goodFor && age() >= 0
  const mayAsk = () => fault === undefined || Math.abs(now() - triedAt) >= PAUSE_AFTER_FAULT

  return {
    ready() {
      if (!held || !isGood()) return undefined
      if (age() * 2 > held.goodFor && mayAsk()) void ask()
      return held.value
    },
    async get() {
      if (!isGood() && (pending || mayAsk())) await ask()
      if (held && (isGood() || tolerates(age() - held.goodFor))) return held.value
      throw fault ?? new Error('the clock moved')
    },
    async refresh(pause) {
      if (Math.abs(now() - triedAt) >= pause || pending) await ask()
    }
  }
}
