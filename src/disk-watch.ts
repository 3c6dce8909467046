import type { DiskState } from './disk.ts'

const AGAIN_MS = 3_600_000

/** What a look at the disk needs, and whom it tells. */
interface Parts {
  look(): Iterable<DiskState>
  warn(text: string): void
  /** Milliseconds since 1970. */
  now(): number
}

/** A look at the disk that warns of what ends badly unless somebody acts: at once, and once an hour while it lasts. */
export function createDiskWatch({ look, warn, now }: Parts): () => void {
  const told = new Map<string, number>()

  function tell(path: string, text: string): void {
    if (now() - (told.get(path) ?? 0) < AGAIN_MS) return
    told.set(path, now())
    warn(text)
  }

  return () => {
    try {
      for (const { path, isLow, text } of look()) if (isLow) tell(path, text)
    } catch (error) {
      tell('', `the disk cannot be looked at: ${(error as Error).message}`)
    }
  }
}
