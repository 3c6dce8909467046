import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t, { type Test } from 'tap'
import { freePort } from '../../tools/free-port.ts'
import { selfSigned } from '../cli/certificate.ts'
import { build } from '../helper.ts'
import { serve } from '../process.ts'
import { instance } from './instances.ts'
import { noRedis, redisServer, soon } from './redis.ts'

const PASSWORD = 's3cret-of-redis'

t.test('a REDIS_URL that is none stops the start, without showing it', async t => {
  const wrong = {
    [`redis:/:${PASSWORD}@host`]: /REDIS_URL: its value does not fit; give a URL such as redis:/,
    [`http://:${PASSWORD}@host`]: /REDIS_URL: its value does not fit/,
    [`redis://:${PASSWORD} @host`]: /REDIS_URL: its value does not fit/,
    [`redis://:${PASSWORD}#2@host`]: /REDIS_URL: its value is not a URL with a host; in a password, write/,
    [`redis://:${PASSWORD}/2@host`]: /is not a URL with a host/,
    [`redis://:${PASSWORD}@`]: /is not a URL with a host/,
    [`redis://:${PASSWORD}@host:99999`]: /is not a URL with a host/,
    [`redis://:${PASSWORD}@host/first`]: /has a path that is not the number of a database, such as \/0/,
    [`redis://:${PASSWORD}@host/0?family=6`]: /has something behind the number of the database/,
    [`redis://:${PASSWORD}%zz@host`]: /has a % in its name or password; write it as %25/,
    [`redis://${PASSWORD}@host`]: /has a name and no password/
  }
  for (const [redisUrl, problem] of Object.entries(wrong)) {
    const refusal = await build(t, { redisUrl }).then(
      () => 'it started',
      (error: Error) => `${error.name} ${error.message}`
    )
    t.match(refusal, problem, redisUrl)
    t.match(refusal, /^StartError/)
    t.notMatch(refusal, PASSWORD)
  }
})

t.test('a Redis that cannot be reached does not stop the start', async t => {
  const port = await freePort()
  const one = await instance(t, `redis://:${PASSWORD}@127.0.0.1:${port}`)
  t.match(
    [await one.knock(), await one.knock()],
    [
      { status: 400, left: 29 },
      { status: 400, left: 28 }
    ]
  )
  t.same([await one.isInUse(), one.said()], [false, { warnings: ['ECONNREFUSED'], ends: 0 }])
  t.notMatch(one.log(), PASSWORD)
})

t.test('nor does one that is frozen', { skip: noRedis }, async t => {
  const redis = await redisServer(t)
  redis.kill('SIGSTOP')
  const one = await instance(t, redis.url)
  t.equal((await one.knock()).left, 29)
  t.same([await one.isInUse(), one.said()], [false, { warnings: ['ETIMEDOUT'], ends: 0 }])
  redis.kill('SIGCONT')
  t.ok((await soon(one.isInUse)) < 3000)
})

t.test('a Redis that comes later is used as soon as it is there', { skip: noRedis }, async t => {
  const port = await freePort()
  const one = await instance(t, `redis://127.0.0.1:${port}`)
  await one.knock()
  await redisServer(t, { port })
  t.ok((await soon(one.isInUse)) < 3000)
  t.equal((await one.knock()).left, 28, 'what was counted before counts')
  t.same(one.said(), { warnings: ['ECONNREFUSED'], ends: 1 })
})

t.test(
  'the password of REDIS_URL lets in, and a wrong one does not; the log has neither',
  { skip: noRedis },
  async t => {
    const { port } = await redisServer(t, { settings: ['--requirepass', PASSWORD], password: PASSWORD })
    const cases = { [PASSWORD]: [], [`${PASSWORD}-not`]: ['WRONGPASS'], '': ['NOAUTH'] }
    for (const [password, warnings] of Object.entries(cases)) {
      const one = await instance(t, `redis://${password && `:${password}@`}127.0.0.1:${port}/3`)
      t.equal((await one.knock()).status, 400)
      t.equal(await one.isInUse(), warnings.length === 0)
      t.same(one.said(), { warnings, ends: 0 })
      await one.app.close()
      t.notMatch(one.log(), PASSWORD)
    }
  }
)

t.test('rediss speaks TLS, and only to whom its certificate vouches for', { skip: noRedis }, async t => {
  const port = await freePort()
  const cert = await tlsServer(t, port)
  const stranger = await instance(t, `rediss://localhost:${port}`)
  t.same(stranger.said().warnings, ['DEPTH_ZERO_SELF_SIGNED_CERT'])

  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cert])
  t.teardown(() => setDefaultCACertificates(before))
  const one = await instance(t, `rediss://localhost:${port}`)
  t.same([(await one.knock()).left, await one.isInUse(), one.said().warnings], [29, true, []])
  const other = await instance(t, `rediss://127.0.0.1:${port}`)
  t.same(other.said().warnings, ['ERR_TLS_CERT_ALTNAME_INVALID'])
})

t.test('a service whose Redis is frozen or gone still ends at once', { skip: noRedis }, async t => {
  const redis = await redisServer(t)
  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    const service = await serve(t, t.testdir(), { REDIS_URL: redis.url, AUTH_RATE_LIMIT: 'on' })
    redis.kill(signal)
    await fetch(`${service.url}/api/login/`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' }
    })
    const began = performance.now()
    t.equal(await service.stop(), 0)
    t.ok(performance.now() - began < 5000)
    redis.kill('SIGCONT')
  }
})

/** Starts a Redis that speaks TLS only, and gives its certificate. */
async function tlsServer(t: Test, port: number): Promise<string> {
  const folder = t.testdir()
  const { cert, key } = selfSigned('localhost', 90)
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key, { mode: 0o600 })
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', certFile]
  await redisServer(t, { settings: ['--tls-port', `${port}`, ...files, '--tls-auth-clients', 'no'] })
  return cert
}
