import type { ImportSource } from '../core/user-import/source.ts'

/** A file that is being imported. */
export interface OpenSource extends ImportSource {
  /** The columns that nothing is done with. */
  ignored: string[]
  /** How much the reading at hand has seen, from 0 to 1. */
  share(): number
  close(): void
}
