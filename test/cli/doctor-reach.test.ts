import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t, { type Test } from 'tap'
import { checkReach } from '../../src/cli/doctor-reach.ts'
import type { Finding } from '../../src/cli/finding.ts'
import { resolveConfig } from '../../src/config.ts'
import { freePort } from '../../tools/free-port.ts'
import { selfSigned } from './certificate.ts'
import { inFolder, postern } from './process.ts'

interface Site {
  host?: string
  days?: number
  /** Whether this process believes in the certificate. */
  known?: boolean
  answer?: RequestListener
}

/** Starts a TLS server on this machine, which ends with the test, and gives its URL. */
async function site(t: Test, { host = 'localhost', days = 90, known = true, answer }: Site = {}): Promise<string> {
  const { cert, key } = selfSigned(host, days)
  const before = getCACertificates('default')
  if (known) setDefaultCACertificates([...before, cert])
  const server = createServer({ cert, key }, answer ?? ((_request, response) => response.end('{}')))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    setDefaultCACertificates(before)
    server.closeAllConnections()
    server.close()
  })
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

async function seen(publicUrl: string, now?: () => number): Promise<Finding[]> {
  const found: Finding[] = []
  for await (const finding of checkReach(resolveConfig({ publicUrl }), now)) found.push(finding)
  return found
}

t.test('a service behind a good certificate is found well', async t => {
  const asked: string[] = []
  const url = await site(t, {
    answer: ({ method, url, headers }, response) => {
      asked.push(`${method} ${url} ${Object.keys(headers)}`)
      response.end('{}')
    }
  })
  t.same(await seen(`${url}/auth`), [
    ['ok', `the certificate of ${url}/auth is valid for 89 days`],
    ['ok', `${url}/auth leads to a service that answers`],
    ['ok', `the clock is that of ${url}/auth`]
  ])
  t.same(asked, ['GET /auth/health/live host,connection'])
})

t.test('a certificate is told that clients refuse, or will before long', async t => {
  const first = async (about: Site) => (await seen(await site(t, about)))[0]
  t.match(await first({ days: 13.5 }), ['warn', /^the certificate of \S+ expires in 13 days\. Renew it/])
  t.match(await first({ days: 14.5 }), ['ok', /is valid for 14 days$/])
  t.match(await first({ days: -1 }), ['fail', /has expired/])
  t.match(await first({ host: 'elsewhere.test' }), ['fail', /is not for that host/])
  t.match(await first({ known: false }), [
    'warn',
    /^this machine does not believe the certificate of \S+: DEPTH_ZERO_SELF_SIGNED_CERT\. .*NODE_EXTRA_CA_CERTS$/
  ])
  t.match(await first({ known: false, host: 'elsewhere.test' }), ['fail', /is not for that host/])
})

t.test('a clock that differs from the one of the URL by more than 30 s fails', async t => {
  let date = ''
  const url = await site(t, {
    answer: (_request, response) => {
      response.setHeader('date', date)
      response.end('{}')
    }
  })
  const at = async (seconds: number) => {
    date = new Date(1_800_000_000_000 + seconds * 1000).toUTCString()
    return (await seen(url, () => 1_800_000_000_000))[2]
  }
  t.match(await at(30), ['ok', /^the clock is that of/])
  t.match(await at(-30), ['ok', /^the clock is that of/])
  t.match(await at(31), ['fail', /^the clock is 31 s behind that of \S+: .*\(NTP\)$/])
  t.match(await at(-3600), ['fail', /^the clock is 3600 s ahead of that of/])
  date = 'yesterday'
  t.equal((await seen(url)).length, 2)
})

t.test('a proxy that leads nowhere is told from one that leads to the service', async t => {
  const url = await site(t, { answer: (_request, response) => response.writeHead(502).end() })
  t.match((await seen(url))[1], ['warn', /\/health\/live answers 502\. Start the service/])
})

t.test('what cannot be reached is a warning after three seconds at most', async t => {
  const port = await freePort()
  t.match(await seen(`https://localhost:${port}`), [['warn', /cannot be reached from here: ECONNREFUSED\. /]])
  const silent = await site(t, { answer: () => {} })
  const began = performance.now()
  t.match(await seen(silent), [['warn', /cannot be reached from here: no answer within 3 s\. /]])
  t.ok(performance.now() - began < 4000)
  t.same(await seen('http://auth.test'), [], 'that is said where settings are looked at')
})

t.test('the command looks at PUBLIC_URL too, and a failure there is one of the command', async t => {
  const url = await site(t, { days: -1 })
  const { code, stdout } = await postern(t, ['doctor'], {
    env: inFolder(`${t.testdir({})}/data`, { PUBLIC_URL: url })
  })
  t.equal(code, 1)
  t.match(stdout, /^fail {2}the certificate of https:\/\/localhost:\d+ has expired: clients refuse it\. Renew it$/m)
})
