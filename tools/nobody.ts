import { spawnSync } from 'node:child_process'

/** The user without rights: whom root becomes for what root cannot be, or may do anyway. */
export const NOBODY = 65_534

/** Whether that user gets to a folder: a checkout in the home directory of root is closed to everybody else. */
export const isOpenToNobody = (folder: string): boolean =>
  spawnSync('/usr/bin/test', ['-x', folder], { uid: NOBODY, gid: NOBODY }).status === 0
