import { StoreUnavailable, UniqueViolation } from './database.ts'

/** What the driver says about an error; `code` is the server's SQLSTATE, or Node.js's name of a failed connection. */
interface Said extends Error {
  code?: string
  detail?: string
  constraint?: string
}

// Connection, a user or database that is refused, resources, limits, lock time-out, cancelled, shut down, disk and internal errors; a server that reads only;
// a statement that this connection prepared and the server has no more, or not for the tables as they are now.
const storeFault = /^(08|28|3D|53|54|55|57|58|F0|XX|25006|26000|0A000)/
const connectionFault = /^(08|57P0|25006|26000|0A000)/
// A deadlock, and a transaction that another one was in the way of. Nothing was applied.
const retryable = /^40/
const UNIQUE = '23505'
/** Values that do not fit their column, which such messages quote. */
const DATA = '22'

/**
 * An error of the driver, without what Drizzle and the server add to it: all parameters, and the values of rows. Neither
 * may get into a log.
 */
export class DriverError extends Error {
  override readonly name = 'DriverError'
  readonly code: string
  /** The column whose unique index refused a row. */
  readonly column: string
  constructor(thrown: unknown) {
    const said = (thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown) as Said
    super(said.code?.startsWith(DATA) ? said.message.replace(/".*"/s, '(a value)') : said.message)
    this.code = said.code ?? ''
    this.column = this.code === UNIQUE ? columnOf(said) : ''
  }

  /** Whether the server said it; else the connection failed. */
  get isServers(): boolean {
    // Not EPIPE, which is Node.js's.
    return /^(?!E)[0-9A-Z]{5}$/.test(this.code)
  }
  /** Whether the connection is of no use any more: it is lost, or leads to a server that cannot write. */
  get isBroken(): boolean {
    return !this.isServers || connectionFault.test(this.code)
  }
  /** Whether the same work may succeed if it is simply run again. */
  get isRetryable(): boolean {
    return retryable.test(this.code)
  }
}

/** The same failure in the words of the `Database` interface; what has no word there stays as it is. */
export function translate(error: unknown): unknown {
  if (!(error instanceof DriverError)) return error
  if (error.code === UNIQUE) return new UniqueViolation(error.column, { cause: error })
  const isStores = !error.isServers || error.isRetryable || storeFault.test(error.code)
  return isStores ? new StoreUnavailable(error.message, { cause: error }) : error
}

// "Key (username_key)=(ada) already exists."; a server may be told to keep details to itself, then the name of the index.
const columnOf = ({ detail, constraint = '' }: Said): string =>
  /^Key \("?(\w+)"?/.exec(detail ?? '')?.[1] ?? /^[a-z]+_(\w+)_unique$/.exec(constraint)?.[1] ?? constraint
