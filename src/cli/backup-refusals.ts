import { PosternError } from '../errors.ts'

const causes: Array<[code: RegExp, text: string]> = [
  [/FULL|ENOSPC|EDQUOT/, 'the disk is full. Free some space there, or name a file on another disk'],
  [/EACCES|EPERM|CANTOPEN|READONLY|EROFS/, 'this user may not read the one or may not write beside the other'],
  [/CORRUPT|NOTADB/, 'the database is damaged, or is none. Run: postern doctor'],
  [/IOERR|EIO/, "a disk reports an input/output error. Check the disks and the system's log"],
  [/BUSY|LOCKED/, 'another process has locked the database. End that one, then try again']
]

/** Why there is no backup; the sentences are for whoever typed the command. */
export const refused = (detail: string, cause?: unknown): PosternError =>
  new PosternError('validation_failed', { detail, cause })

/** The same for a failure half-way, after which nothing of the copy is left. */
export function unfinished(error: unknown, from: string, to: string): unknown {
  if (error instanceof PosternError) return error
  const { code = '' } = error as { code?: string }
  const reason = causes.find(([pattern]) => pattern.test(code))?.[1]
  return reason ? refused(`Cannot copy ${from} to ${to}: ${reason}. Nothing was written.`, error) : error
}
