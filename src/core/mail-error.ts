/** A mail that did not leave. `code` says why and holds no secret and no address. */
export class MailError extends Error {
  override readonly name = 'MailError'
  readonly code: string
  /** Whether trying again is pointless. */
  readonly permanent: boolean

  constructor(code: string, { permanent = false, cause }: { permanent?: boolean; cause?: unknown } = {}) {
    super(`the mail did not leave: ${code}`, { cause })
    this.code = code
    this.permanent = permanent
  }
}
