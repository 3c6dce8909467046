import t from 'tap'
import { checkExposure } from '../../src/cli/doctor-exposure.ts'
import { type Options, resolveConfig } from '../../src/config.ts'

const exposure = (options: Options) => [...checkExposure(resolveConfig(options))]

/** Settings of a service that nothing is said about. */
const closed: Options = {
  publicUrl: 'https://auth.test',
  authTrustProxy: ['127.0.0.1'],
  authEmailVerification: 'required'
}

t.test('a proxy that is not named makes all clients one', t => {
  const without = { ...closed, authTrustProxy: [] }
  t.match(exposure(without), [['warn', /^AUTH_TRUST_PROXY is empty.*Set AUTH_TRUST_PROXY=127\.0\.0\.1,::1$/]])
  t.match(exposure({ ...without, host: '0.0.0.0' }), [['warn', /Set AUTH_TRUST_PROXY to the address of the proxy$/]])
  t.match(exposure({ ...without, publicUrl: 'http://auth.test' }), [['warn', /^AUTH_TRUST_PROXY is empty/]])
  t.same(exposure({ ...without, publicUrl: 'http://auth.test', host: '0.0.0.0' }), [], 'clients come by themselves')
  t.same(exposure({}), [], 'only this machine')
  t.same(exposure(closed), [['ok', 'X-Forwarded-For counts from 127.0.0.1']])
  t.end()
})

t.test('a range in which others than proxies may be is named, alone', t => {
  const wide = ['0.0.0.0/1', '8.0.0.0/11', '10.0.0.0/7', '172.16.0.0/11', '2000::/3', '2400::/23']
  for (const range of wide)
    t.match(exposure({ ...closed, authTrustProxy: ['10.0.0.0/8', range] }), [
      ['warn', new RegExp(`^AUTH_TRUST_PROXY holds ${range}: .* Name the proxies alone$`)]
    ])
  const narrow = ['10.0.0.0/8', '104.16.0.0/13', '192.168.1.7', '100.64.0.0/10', 'fc00::/7', '2400:cb00::/32', '::1']
  t.match(exposure({ ...closed, authTrustProxy: narrow }), [['ok', /^X-Forwarded-For counts from 10\.0\.0\.0\/8, /]])
  t.end()
})

t.test('metrics and registration are told of where others can reach the service', t => {
  const [metrics] = exposure({ ...closed, authMetrics: 'on' }).filter(([level]) => level === 'warn')
  t.match(metrics, ['warn', /^AUTH_METRICS is on: .* Let the proxy refuse it/])
  for (const authEmailVerification of ['off', 'optional'] as const) {
    const open = { ...closed, authEmailVerification }
    t.match(exposure(open)[1], ['warn', /^anybody may register .* Set AUTH_EMAIL_VERIFICATION=required/])
    t.equal(exposure({ ...open, authRegistration: 'invite' }).length, 1)
  }
  t.same(exposure({ publicUrl: 'http://localhost:8000', authMetrics: 'on' }), [])
  t.end()
})
