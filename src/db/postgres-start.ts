import { setTimeout as sleep } from 'node:timers/promises'
import { StoreStartError } from './database.ts'
import { UnfitServer } from './postgres-connections.ts'

const PATIENCE_MS = 10_000
const RETRY_MS = 200

const ENCODE = 'In a password write @ as %40, / as %2F, : as %3A, # as %23, ? as %3F and % as %25.'

/** What gives a user the rights that the service needs, but for TO and the user. */
export const GRANT = 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public'

/** The server is not there yet, is just starting, or has no connection to spare. */
const passing = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|57P03|53300)$/

/** Tries for up to 10 s what fails only because the server is not ready yet: both may have been started at once. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!passing.test(codeOf(error)) || performance.now() > giveUpAt) throw error
    }
    await sleep(RETRY_MS)
  }
}

/** The server's SQLSTATE, or Node.js's name of what failed; some errors of the driver have neither, but a message. */
function codeOf(error: unknown): string {
  const { code, cause, message = '' } = (error ?? {}) as { code?: string; cause?: unknown; message?: string }
  if (code !== undefined) return code
  return error instanceof StoreStartError ? codeOf(cause) : message
}

const explanations: Array<[code: RegExp, text: string]> = [
  [/^ECONNREFUSED$/, 'no server answers there. Start it, or correct the host and port in DATABASE_URL.'],
  [
    /^57P03$/,
    'the server is still starting, or recovering from a crash. Wait for it (its log says how far it is), then start again.'
  ],
  [/^(ENOTFOUND|EAI_AGAIN)$/, `its host is not known. Correct DATABASE_URL. ${ENCODE}`],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|timeout expired)$/,
    'its host does not answer. Correct DATABASE_URL, or open the way to it (network, firewall).'
  ],
  [
    /^(ECONNRESET|EPIPE|Connection terminated)/,
    'the server ended the connection. What it has against it is in its log.'
  ],
  [/^(ERR_INVALID_URL|URI malformed)$/, `DATABASE_URL is no URL. ${ENCODE}`],
  [/^(28P01|SASL)/, `the server refuses the user or the password of DATABASE_URL. ${ENCODE}`],
  [
    /^28000$/,
    'the server does not let this user in from here. Create the role, and allow it in pg_hba.conf; that may also ask for TLS (sslmode=verify-full).'
  ],
  [/^3D000$/, 'the server has no such database. Create it: createdb NAME, with the user of DATABASE_URL as its owner.'],
  [
    /^42501$/,
    `its user lacks rights. Let it own the database, or make the tables as a user who may (postern migrate), and as that one: ${GRANT} TO the user.`
  ],
  [
    /^3F000$/,
    'its user may use no schema there. As the owner of the database: GRANT ALL ON SCHEMA public TO the user.'
  ],
  [/^42P0[67]$|^42710$/, 'it has tables of another program. Give Postern a database of its own.'],
  [/^53300$/, 'the server has no connection to spare. Raise its max_connections, or lower DATABASE_POOL.'],
  [
    /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS)/,
    "the server's certificate is not trusted. Name the certificate of its authority: sslmode=verify-full&sslrootcert=FILE in DATABASE_URL."
  ],
  [
    /^The server does not support SSL/,
    'the server speaks no TLS. Set ssl of the server to on, or remove sslmode from DATABASE_URL.'
  ],
  [/^(53100|58030|XX00[12])$/, 'its disk is full or failing, or it is damaged. The log of the server says more.']
]

/** Why the database cannot be used, for a person. The password of the URL is not repeated. */
export function explain(url: string, error: unknown): StoreStartError {
  if (error instanceof StoreStartError) return error
  const message = error instanceof Error ? error.message : String(error)
  const why =
    error instanceof UnfitServer
      ? `${message}.`
      : (explanations.find(([code]) => code.test(codeOf(error)))?.[1] ?? `${message}.`)
  return new StoreStartError(`Cannot use the database ${placeOf(url)}: ${why}`, { cause: error })
}

/** Which database a URL names, without user, password and settings. */
export function placeOf(url: string): string {
  const parsed = URL.parse(url)
  // An @ here is one of the password that was not encoded, and what stands around it is the password.
  return parsed && !parsed.pathname.includes('@') ? `postgres://${parsed.host}${parsed.pathname}` : 'of DATABASE_URL'
}
