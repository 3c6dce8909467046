import { userInfo } from 'node:os'

/** Who runs the command line, as the audit trail names them: `cli:root`. */
export function operator(): string {
  try {
    return `cli:${userInfo().username}`
  } catch {
    // In a container, a user may have a number and no name.
    return `cli:${process.getuid?.() ?? 'unknown'}`
  }
}
