import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SQLiteTable as Table } from 'drizzle-orm/sqlite-core'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { rows, takingOver } from '../django/taking-over.ts'
import { build, client } from '../helper.ts'
import { inFolder, postern } from './process.ts'

const publicUrl = 'http://auth.test'

/** What is in a table that empties itself. */
function held(app: FastifyInstance, name: 'oneTimeTokens' | 'mails'): Promise<unknown[]> {
  const table = app.database.tables[name] as Table
  return app.database.read(app.database.prepare(`test_held_${name}`, q => q.select().from(table))())
}

t.test('nothing that was issued before works after a restore that was cut off', async t => {
  const folder = t.testdir({ live: {}, restored: {} })
  const start = (name: string) => build(t, { databaseUrl: `sqlite:${folder}/${name}/postern.db`, publicUrl })
  const env = (name: string) => inFolder(join(folder, name), { PUBLIC_URL: publicUrl })
  const live = await start('live')
  const before = client(live)
  for (const name of ['ada', 'eve']) await before.register(name)
  const [ended, open] = [await before.login('ada'), await before.login('eve')]
  await before.post('/api/password-reset/', { email: 'ada@example.com' })
  const backup = join(folder, 'backup.db')
  t.equal((await postern(t, ['backup', backup], { env: env('live') })).code, 0)

  await before.logout(ended.refresh)
  const later = await before.login('ada')
  await before.logout(later.refresh)
  const advanced = (await before.refresh(open.refresh)).json()
  await live.close()

  copyFileSync(backup, join(folder, 'restored', 'postern.db'))
  copyFileSync(join(folder, 'live', 'secret'), join(folder, 'restored', 'secret'))
  const restored = await start('restored')
  const plainly = client(restored)
  for (const { access } of [ended, later]) t.equal((await plainly.protected(access)).statusCode, 200, 'it came back')
  await restored.close()

  const cut = await postern(t, ['session', 'revoke-everyone'], { env: env('restored') })
  t.same([cut.code, cut.stderr], [0, ''])
  t.match(cut.stdout, /^Ended 2 sessions, and made the signing keys anew: /)
  t.match(cut.stdout, /^Voided 3 mailed links, 3 of them in mails that had not left\.$/m)
  const app = await start('restored')
  const after = client(app)
  for (const { access, refresh } of [ended, open, later, advanced]) {
    t.equal((await after.protected(access)).statusCode, 401)
    t.equal((await after.refresh(refresh)).statusCode, 401)
  }
  t.same(await held(app, 'oneTimeTokens'), [])
  t.same(await held(app, 'mails'), [], 'nobody is told of a theft that was none')
  const { access, refresh } = await after.login('eve')
  t.equal((await after.protected(access)).statusCode, 200, 'whoever logs in again goes on')
  t.equal((await after.refresh(refresh)).statusCode, 200)

  const events = (await rows(app, 'auditEvents')).filter(({ detail }) => (detail as { actor?: string }).actor)
  t.match(events, [
    { event: 'sys_key_revoked' },
    { event: 'authn_token_revoked', detail: { reason: 'admin', everyone: true, links: 3, mails: 3 } },
    { event: 'session_expired', detail: { reason: 'admin', everyone: true, sessions: 2 } }
  ])
  await app.close()
  const again = await postern(t, ['session', 'revoke-everyone', '--json'], { env: env('restored') })
  t.same(JSON.parse(again.stdout), { sessions: 1, links: 0, unsent_mails: 0, imported_users: 0 })
})

t.test('more sessions than one transaction takes are ended, and only mails that bring a link are dropped', async t => {
  const app = await build(t)
  const http = client(app)
  await http.register()
  await http.login()
  const notice = { kind: 'new_device', to: 'ada@example.com', values: {} } as const
  await app.database.write(() => app.core.outbox.queue(notice))
  const [session] = await rows(app, 'sessions')
  const { sessions } = app.database.tables
  const copies = Array.from({ length: 1100 }, (_, n) => ({ ...session, id: `copy-${n}`, statusIndex: null }))
  const insert = app.database.prepare('test_copies', q =>
    q
      .insert(sessions)
      .values(copies as [])
      .returning({ id: sessions.id })
  )
  await app.database.write(() => insert())
  t.match(await app.core.massRevocation.revokeEverything(), { sessions: 1101, links: 1, mails: 1, imported: 0 })
  t.same(
    (await rows(app, 'sessions')).filter(({ revokedAt }) => !revokedAt),
    []
  )
  t.match(await held(app, 'mails'), [{ kind: 'new_device' }])
})

t.test('tokens of Django are refused too, whether or not they were exchanged before', async t => {
  const { app, http, mint } = await takingOver(t)
  const token = mint()
  t.equal((await app.core.massRevocation.revokeEverything()).imported, 1)
  t.equal((await http.refresh(token)).statusCode, 401)
  t.equal((await http.refresh(mint())).statusCode, 401)
})
