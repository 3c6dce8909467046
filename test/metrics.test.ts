import { statSync } from 'node:fs'
import t from 'tap'
import { build, client, testClock } from './helper.ts'
import { notice, queue, until } from './mail/mails.ts'

t.test('there are no metrics unless they are wanted', async t => {
  const { get } = client(await build(t))
  t.equal((await get('/metrics')).statusCode, 404)
  t.notOk((await get('/docs/json')).json().paths['/metrics'])
})

t.test('metrics tell of the process, the requests and the outbox, and of nobody', async t => {
  const clock = testClock()
  const app = await build(t, { authMetrics: 'on', authEmailVerification: 'off' }, { now: clock.now, sendsMail: false })
  const { get, register, send } = client(app)
  await register()
  await register('ada')
  await get('/somewhere/else?email=ada@example.com')
  await send({ method: 'DELETE', url: '/api/sessions/ada@example.com' })
  await queue(app, notice(), notice())
  clock.advance(90_000)

  const { statusCode, headers, body } = await get('/metrics')
  t.equal(statusCode, 200)
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
  for (const line of [
    'postern_mails_waiting 2',
    'postern_mails_dead 0',
    'postern_mails_oldest_seconds 90',
    'postern_mail_attempts_total{outcome="sent"} 0',
    'postern_request_seconds_count{method="POST",route="/api/register/",status="201"} 1',
    'postern_request_seconds_count{method="POST",route="/api/register/",status="400"} 1',
    'postern_request_seconds_count{method="GET",route="",status="404"} 1',
    'postern_request_seconds_count{method="DELETE",route="/api/sessions/:id",status="401"} 1'
  ])
    t.ok(body.split('\n').includes(line), line)
  t.match(body, /^process_resident_memory_bytes \d/m)
  t.match(body, /^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m)
  t.notMatch(body, /ada|example\.com|somewhere/)
  t.match((await get('/docs/json')).json().paths['/metrics'].get, { operationId: 'metrics', security: [] })
})

t.test('mails that were sent are counted', async t => {
  const mailer = { send: async () => {}, close: async () => {} }
  const app = await build(t, { authMetrics: 'on' }, { mailer })
  await queue(app, notice())
  await until(() => app.core.outbox.counts().sent === 1)
  const { body } = await client(app).get('/metrics')
  t.match(body, /^postern_mail_attempts_total\{outcome="sent"\} 1$/m)
  t.match(body, /^postern_mails_waiting 0$/m)
  t.match(body, /^postern_mails_oldest_seconds 0$/m)
})

t.test('the write-ahead log of a file is measured', async t => {
  const file = `${t.testdir()}/postern.db`
  const app = await build(t, { authMetrics: 'on', databaseUrl: `sqlite:${file}` })
  const measured = async () =>
    Number(/^postern_database_log_bytes (\d+)$/m.exec((await client(app).get('/metrics')).body)?.[1])
  const before = await measured()
  await client(app).register()
  t.ok((await measured()) > before)
  t.equal(await measured(), statSync(`${file}-wal`).size)
})

t.test('two services in one process count for themselves', async t => {
  const [one, other] = [await build(t, { authMetrics: 'on' }), await build(t, { authMetrics: 'on' })]
  await client(one).register()
  t.match((await client(one).get('/metrics')).body, 'route="/api/register/"')
  t.notMatch((await client(other).get('/metrics')).body, 'route="/api/register/"')
})
