import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { Mail } from '../../src/core/mail.ts'
import { build, client, testClock } from '../helper.ts'
import { read } from '../routes/answers.ts'
import { fate, hasAccess, isAlive, type Model, type Purpose } from './model.ts'

/** What the service gave out for a session. */
interface Given {
  id: string
  /** Oldest first. */
  refreshes: string[]
  access: string
}

export type Subject = Awaited<ReturnType<typeof subject>>

/** The service on a file of its own, with everything that it ever gave out. */
export async function subject(t: Test, folder: string) {
  const dataDir = mkdtempSync(join(folder, 'model-'))
  const clock = testClock()
  const mails: Mail[] = []
  const mailer = { send: async (_id: string, mail: Mail) => void mails.push(mail), close: async () => {} }
  const start = () =>
    build(t, { authDocs: 'off', dataDir, databaseUrl: `sqlite:${join(dataDir, 'a.db')}` }, { now: clock.now, mailer })
  let app: FastifyInstance = await start()
  const http = () => client(app)
  const given: Given[] = []
  const links = new Map<string, string[]>()

  async function gather(): Promise<void> {
    while ((await app.core.outbox.summary()).waiting > 0) await new Promise(resolve => setTimeout(resolve, 1))
    for (const { kind, to, values } of mails.splice(0)) {
      const token = values.link?.split('#token=')[1]
      if (token) links.set(`${kind} ${to}`, [...(links.get(`${kind} ${to}`) ?? []), token])
    }
  }

  /** Compares all that can be seen with the model; throws at the first difference. */
  async function agree(model: Model): Promise<void> {
    const differ = (what: string, at: number, expected: unknown, found: unknown) => {
      if (expected !== found)
        throw new Error(`${what} of session ${at}: ${expected} in the model, ${found} in the service`)
    }
    for (const [at, session] of model.sessions.entries()) {
      const { refreshes, access } = given[at] as Given
      for (let generation = Math.max(0, refreshes.length - 3); generation < refreshes.length; generation++) {
        const good = ['current', 'replayed'].includes(fate(model, session, generation))
        const { statusCode } = await http().post('/api/verify/', { token: refreshes[generation] })
        differ(`refresh token ${generation}`, at, good ? 200 : 401, statusCode)
      }
      differ('access token', at, hasAccess(model, session) ? 200 : 401, (await http().protected(access)).statusCode)
    }
    for (const user of new Set(model.sessions.map(session => session.user))) {
      const own = [...model.sessions.entries()].filter(
        ([, session]) => session.user === user && isAlive(model, session)
      )
      const [asking] = own.find(([, session]) => hasAccess(model, session)) ?? []
      if (asking === undefined) continue
      const { sessions } = (await http().get('/api/sessions/', given[asking]?.access)).json()
      const ids = (all: Array<{ id: string }>) => `${all.map(({ id }) => id).toSorted()}`
      differ('the list', asking, ids(own.map(([at]) => given[at] as Given)), ids(sessions))
    }
  }

  return {
    clock,
    http,
    given,
    agree,
    gather,
    linksTo: (name: string, purpose: Purpose): string[] => links.get(`${purpose} ${name}@example.com`) ?? [],
    /** Keeps the tokens of a session that has begun. */
    begun({ access, refresh }: { access: string; refresh: string }): void {
      given.push({ id: `${read(access).claims.sid}`, refreshes: [refresh], access })
    },
    async restart(): Promise<void> {
      await app.close()
      app = await start()
    },
    close: () => app.close()
  }
}
