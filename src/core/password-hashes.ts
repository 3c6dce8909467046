import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Piscina } from 'piscina'
import { PosternError } from '../errors.ts'
import type { PasswordJob } from './password-worker.ts'

export type PasswordHashes = ReturnType<typeof createPasswordHashes>

const POLICY = '$argon2id$v=19$m=19456,t=2,p=1$'
const QUEUE = 128

/**
 * Hashing behind a gate: as many at a time as there are cores, in threads of low priority, a bounded queue behind them,
 * and `overloaded` beyond. So a flood of logins slows logins down and nothing else.
 */
export function createPasswordHashes() {
  const threads = availableParallelism()
  const pool = new Piscina<PasswordJob, string | boolean>({
    filename: new URL(`./password-worker${extname(import.meta.url)}`, import.meta.url).href,
    minThreads: 1,
    maxThreads: threads,
    maxQueue: QUEUE,
    idleTimeout: 60_000
  })

  async function run(job: PasswordJob): Promise<string | boolean> {
    if (pool.queueSize >= QUEUE) throw new PosternError('overloaded', { retryAfter: 1 })
    return pool.run(job)
  }

  const hash = async (password: string): Promise<string> => {
    const phc = await run({ password: password.normalize('NFC') })
    if (typeof phc !== 'string' || !phc.startsWith(POLICY))
      throw new Error('The hash does not have the parameters asked for')
    return phc
  }

  // The hash of no password: it costs as much to verify as a real one, and its making cannot fail.
  const random = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '')
  const decoy = `${POLICY}${random(16)}$${random(32)}`

  return {
    /** The PHC string of a password. Throws `overloaded`. */
    hash,
    /**
     * Whether the password belongs to the hash. Without a hash it costs the same and is false: the time of an answer
     * does not tell whether an account exists. Throws `overloaded`.
     */
    async verify(phc: string | null | undefined, password: string): Promise<boolean> {
      const matches = await run({ password: password.normalize('NFC'), verify: phc ?? decoy })
      return matches === true && typeof phc === 'string'
    },
    /** Whether a hash was made with less than today's cost. */
    isOutdated: (phc: string): boolean => !phc.startsWith(POLICY),
    /** Lets what runs and waits finish first. */
    close: (): Promise<void> => pool.close()
  }
}
