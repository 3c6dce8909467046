import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { Options } from '../src/config.ts'
import type { Mail } from '../src/core/mail.ts'
import { build, client, testClock } from './helper.ts'

export const MINUTE = 60_000
/** From where the owner of an account logs in. */
export const HOME = '192.0.2.1'
export const RIGHT = 'correct horse'

/** A service that counts wrong passwords and does not limit logins; the mails that it sends are kept. */
export async function service(t: Test, options: Options = {}, clock = testClock()) {
  const mails: Mail[] = []
  const mailer = { send: async (_id: string, mail: Mail) => void mails.push(mail), close: async () => {} }
  const limits: Options = { authRateLimit: 'on', authRateLimits: ['login=9999999/1s', 'password=9999999/1s'] }
  const app = await build(t, { ...limits, ...options }, { now: clock.now, mailer })
  const http = client(app)
  let strangers = 0

  const login = (username: string, password: string, remoteAddress = stranger()) =>
    app.inject({ method: 'POST', url: '/api/login/', payload: { username, password }, remoteAddress })
  /** An address that nobody has had before. */
  const stranger = () => `10.${strangers >> 16}.${(strangers >> 8) & 255}.${strangers++ & 255}`
  /** So many wrong passwords; gives the seconds to wait after each, 0 for none. */
  async function guess(username: string, times: number, from?: string): Promise<number[]> {
    const waits: number[] = []
    for (let time = 0; time < times; time++) {
      const answer = await login(username, 'wrong', from)
      waits.push(answer.statusCode === 429 ? Number(answer.headers['retry-after']) : 0)
    }
    return waits
  }
  return { ...http, app, clock, mails, login, guess, stranger }
}

/** How many events of a name are on record. */
export async function events(app: FastifyInstance, name: string): Promise<number> {
  const { auditEvents } = app.database.tables
  const all = app.database.prepare(`test_${name}_${Math.random()}`, q => q.select().from(auditEvents))
  return (await app.database.read(all())).filter(({ event }) => event === name).length
}
