import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { libfaketime } from '../harness/needs.ts'

/** A wall clock that can be set while processes run that have `env`; their monotonic clock stays real. */
export function createFakedClock(folder: string) {
  const file = join(folder, 'clock')
  const set = (seconds: number): void => {
    // Renamed into place: it is read at every look at the clock.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`)
    renameSync(`${file}.new`, file)
  }
  set(0)
  return {
    env: {
      LD_PRELOAD: libfaketime() ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1'
    },
    /** Sets the clock to so many seconds after the true time. */
    set
  }
}
