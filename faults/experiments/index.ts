import type { Experiment } from '../harness/experiment.ts'
import { backup } from './backup.ts'
import { clock } from './clock.ts'
import { corruption } from './corruption.ts'
import { diskFull } from './disk-full.ts'
import { ioErrors } from './io-errors.ts'
import { keys } from './keys.ts'
import { locked } from './locked.ts'
import { migrations } from './migrations.ts'
import { million } from './million.ts'
import { postgresExperiments } from './postgres.ts'
import { powerCut } from './power-cut.ts'
import { readOnly } from './read-only.ts'
import { sigkill } from './sigkill.ts'
import { sigterm } from './sigterm.ts'
import { soak } from './soak.ts'

/** All experiments, in the order in which they run. */
export const experiments: Experiment[] = [
  sigkill,
  sigterm,
  powerCut,
  diskFull,
  ioErrors,
  readOnly,
  migrations,
  backup,
  locked,
  corruption,
  clock,
  keys,
  ...postgresExperiments,
  soak,
  million
]
