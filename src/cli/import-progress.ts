import { Presets, SingleBar } from 'cli-progress'

type Phase = 'read' | 'check' | 'write'

const LINE_EVERY = 10_000
const DOING = { read: 'Reading', check: 'Checking', write: 'Writing' }

/** How far an import is, on stderr: a bar on a terminal, else a line every 10,000 users. `share` is that of the phase. */
export function showProgress(share: () => number) {
  return process.stderr.isTTY ? asBar(share) : asLines()
}

function asBar(share: () => number) {
  const format = '{doing} {bar} {percentage} %, {users} users'
  const bar = new SingleBar({ format, clearOnComplete: true, stream: process.stderr }, Presets.shades_classic)
  let current: Phase | undefined
  return {
    show(phase: Phase, users: number): void {
      if (phase !== current) bar.start(100, 0, { doing: DOING[phase], users: 0 })
      current = phase
      bar.update(Math.min(100, Math.round(share() * 100)), { users })
    },
    end: () => bar.stop()
  }
}

function asLines() {
  let current: Phase | undefined
  let next = LINE_EVERY
  return {
    show(phase: Phase, users: number): void {
      if (phase !== current) next = LINE_EVERY
      current = phase
      if (users < next) return
      process.stderr.write(`${DOING[phase]}: ${users} users\n`)
      next = users - (users % LINE_EVERY) + LINE_EVERY
    },
    end(): void {}
  }
}
