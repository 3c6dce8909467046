import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Test } from 'tap'
import type { Options } from '../src/config.ts'
import { buildServer, type Wiring } from '../src/server.ts'
import { ownDatabase } from './own-database.ts'

/** A clock that stands still until a test turns it. */
export interface TestClock {
  now: () => number
  advance(milliseconds: number): void
}

export function testClock(start = Date.UTC(2026, 0, 31, 12)): TestClock {
  let time = start
  return {
    now: () => time,
    advance: milliseconds => {
      time += milliseconds
    }
  }
}

/**
 * The service over a database of its own, without rate limits and logs; closed when the test ends. Mails leave it only
 * where a test says to where.
 */
export async function build(t: Test, options: Options = {}, wiring: Wiring = {}): Promise<FastifyInstance> {
  let app: FastifyInstance | undefined
  // Teardowns run backwards: the database is dropped when the service has left it.
  const own = options.databaseUrl ? {} : await ownDatabase(t)
  // Said before the folder is made, so that it goes last: the service may write to it until it is closed.
  t.teardown(() => app?.close())
  const defaults: Options = {
    ...own,
    dataDir: options.databaseUrl ? undefined : t.testdir(),
    publicUrl: 'http://auth.test',
    authRateLimit: 'off',
    logLevel: 'silent'
  }
  const sendsMail = options.smtpUrl !== undefined || wiring.mailer !== undefined
  app = buildServer({ ...defaults, ...options }, { sendsMail, ...wiring })
  await app.ready()
  return app
}

/** A client of the service; every method sends one request. */
export function client(app: FastifyInstance) {
  const send = (request: InjectOptions) => app.inject(request)
  const post = (url: string, payload: object, access?: string) =>
    send({ method: 'POST', url, payload, headers: bearer(access) })
  return {
    send,
    post,
    get: (url: string, access?: string) => send({ method: 'GET', url, headers: bearer(access) }),
    register: (username = 'ada', password = 'correct horse', email = `${username}@example.com`) =>
      post('/api/register/', { username, email, password }),
    /** Logs in and gives the tokens. */
    async login(username = 'ada', password = 'correct horse'): Promise<{ access: string; refresh: string }> {
      const answer = await post('/api/login/', { username, password })
      if (answer.statusCode !== 200) throw new Error(`login answered ${answer.statusCode}: ${answer.body}`)
      return answer.json()
    },
    refresh: (refresh: string) => post('/api/refresh/', { refresh }),
    logout: (refresh: string) => post('/api/logout/', { refresh }),
    protected: (access?: string) => send({ method: 'GET', url: '/api/protected/', headers: bearer(access) }),
    changePassword: (access: string, old_password: string, new_password: string) =>
      post('/api/change-password/', { old_password, new_password }, access)
  }
}

const bearer = (access: string | undefined) => (access === undefined ? {} : { authorization: `Bearer ${access}` })
