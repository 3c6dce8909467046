import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { build, client } from '../helper.ts'
import { mailFrom, notice, queue, rows, until } from './mails.ts'
import { type MailServer, mailServer } from './smtp-server.ts'

const MINUTE = 60_000

/** Starts a service in a process of its own, which queues mails; waits until they are committed. */
async function child(t: Test, databaseUrl: string, { url }: MailServer, count: number): Promise<ChildProcess> {
  const started = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), databaseUrl, url, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => kill(started))
  await once(started.stdout, 'data')
  return started
}

async function kill(started: ChildProcess): Promise<void> {
  if (started.exitCode !== null || started.signalCode !== null) return
  started.kill('SIGKILL')
  await once(started, 'exit')
}

const recipients = (server: MailServer) => server.arrived.map(({ to }) => to[0] ?? '').sort()
const users = (count: number) => Array.from({ length: count }, (_, at) => `user${at}@example.com`).sort()

t.test('a process that is killed before its mails have left loses none', async t => {
  const databaseUrl = `sqlite:${t.testdir()}/postern.db`
  const server = await mailServer(t)
  server.answers.connect = 'hang'
  const killed = await child(t, databaseUrl, server, 8)
  await until(() => server.reached.connect > 0)
  await kill(killed)
  delete server.answers.connect

  const soon = await build(t, { databaseUrl, smtpUrl: server.url, mailFrom })
  await until(() => server.arrived.length === 4)
  t.match(await rows(soon), Array(4).fill({ attempts: 1, failedAt: null }), 'the others may still be on their way')
  await soon.close()
  await build(t, { databaseUrl, smtpUrl: server.url, mailFrom }, { now: () => Date.now() + 2 * MINUTE })
  await until(() => server.arrived.length === 8)
  t.same(recipients(server), users(8), 'each once')
})

t.test('a mail that left without its sender learning so leaves again under the same Message-ID', async t => {
  const databaseUrl = `sqlite:${t.testdir()}/postern.db`
  const server = await mailServer(t)
  const first = await build(t, { databaseUrl, smtpUrl: server.url, mailFrom })
  const taken = first.core.outbox.counts
  server.answers.data = 'drop'
  await queue(first, notice())
  await until(() => taken().delayed === 1)
  await first.close()
  delete server.answers.data
  const [row] = await rows(
    await build(t, { databaseUrl, smtpUrl: server.url, mailFrom }, { now: () => Date.now() + MINUTE })
  )
  await until(() => server.arrived.length === 1)
  t.equal(server.reached.data, 2)
  t.equal(server.arrived[0]?.mail.messageId, `<${row?.id}@auth.test>`)
})

t.test('two processes on one database send each mail once', async t => {
  const databaseUrl = `sqlite:${t.testdir()}/postern.db`
  const server = await mailServer(t)
  const queueing = await build(t, { databaseUrl }, { sendsMail: false })
  await Promise.all([child(t, databaseUrl, server, 0), child(t, databaseUrl, server, 0)])
  for (let at = 0; at < 40; at += 4)
    await queue(queueing, ...[0, 1, 2, 3].map(more => notice(`user${at + more}@example.com`)))
  await until(async () => (await rows(queueing)).length === 0)
  t.same(recipients(server), users(40))
  t.ok(server.reached.connect > 4, 'both of them sent')
})

t.test('while a mail server hangs, requests are answered, and a close does not wait for it', async t => {
  for (const step of ['connect', 'data'] as const) {
    const server = await mailServer(t)
    server.answers[step] = 'hang'
    const app = await build(t, { smtpUrl: server.url, mailFrom })
    await queue(app, ...Array.from({ length: 20 }, () => notice()))
    await until(() => server.reached[step] === 4)
    const { register, login, changePassword, protected: open } = client(app)
    t.equal((await register()).statusCode, 201)
    const { access } = await login()
    t.equal((await changePassword(access, 'correct horse', 'a longer one this time')).statusCode, 200)
    const answers = await Promise.all(Array.from({ length: 100 }, () => open(access)))
    t.ok(answers.every(({ statusCode }) => statusCode === 200))
    t.equal(server.reached[step], 4, 'and all that time no more than four mails hang')
    t.match((await app.core.outbox.summary()).waiting >= 20, true)
    await app.close()
  }
})
