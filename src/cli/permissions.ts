import { accessSync, constants } from 'node:fs'

/** Who besides the owner has rights, by the mode of a file; undefined when nobody has. Windows has no such modes. */
export function openTo(mode: number): string | undefined {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return undefined
  return mode & 0o007 ? 'all users' : 'its group'
}

/** Whether this user may read and write the file, or make files in the folder. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
