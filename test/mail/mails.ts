import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Mail } from '../../src/core/mail.ts'

/** Who sends in these tests. */
export const mailFrom = 'Postern <no-reply@auth.test>'

/** A mail that tells something. */
export const notice = (to = 'ada@example.com'): Mail => ({
  kind: 'password_changed',
  to,
  values: { username: 'ada', time: '31 January 2026, 12:00 UTC' }
})

/** A mail that somebody asked for. */
export const reset = (to = 'ada@example.com', link = 'http://auth.test/account/reset-password#token=s3cret'): Mail => ({
  kind: 'reset_password',
  to,
  values: { username: 'ada', link, code: '123456', valid_for: '1800' }
})

/** Queues mails as a flow of the service does: in a transaction. */
export async function queue(app: FastifyInstance, ...mails: Mail[]): Promise<void> {
  await app.database.write(function* () {
    for (const mail of mails) yield* app.core.outbox.queue(mail)
  })
}

/** The rows of the outbox. */
export const rows = (app: FastifyInstance) => {
  const { mails } = app.database.tables
  // A statement is prepared under one name once.
  return app.database.read(
    app.database.prepare(`test_mails_${randomUUID()}`, q => q.select().from(mails).orderBy(mails.id))()
  )
}
/** Waits until something is so, for 20 seconds at most. */
export async function until(condition: () => boolean | Promise<boolean>, patience = 20_000): Promise<void> {
  const giveUpAt = performance.now() + patience
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`it never came to this: ${condition}`)
    await sleep(10)
  }
}

/** The one thing in a list. Throws when there is none, or more. */
export function only<Thing>(things: Thing[]): Thing {
  const [thing, ...more] = things
  if (thing === undefined || more.length > 0) throw new Error(`one was expected, not ${things.length}`)
  return thing
}
