import t from 'tap'
import { Options, readEnvironment, resolveConfig } from '../src/config.ts'
import { StartError } from '../src/errors.ts'
import { environmentName } from '../src/options.ts'

const names = Object.keys(Options.properties)
const secret = 'hunter2 hunter2 hunter2 hunter2!'

/** The lines of the one message that stops a start; empty when nothing does. */
function problems(options: object): string[] {
  try {
    resolveConfig(options)
    return []
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const [title, ...lines] = error.message.split('\n')
    t.equal(title, 'Postern cannot start, because of its settings:')
    return lines.map(line => line.replace(/^ {2}- /, ''))
  }
}

const environmentProblems = (environment: Record<string, string>) => problems(readEnvironment(environment))

/** Values that do not fit, for every setting, and how the example that comes with the refusal begins. */
const bad: Record<string, [wrong: unknown[], example: string]> = {
  host: [['', 1], 'a text'],
  port: [['8000', 'abc', -1, 65536, 80.5, Number.NaN, null], 'a port'],
  maxConnections: [['many', 0, -1, 1_000_001, 1.5], 'a number such as 10000'],
  databaseUrl: [['', 'sqlite:', 'mysql://db', './postern.db', 'postgres:db', 'postgres://a b'], 'sqlite:PATH'],
  databasePool: [['ten', 1, 1001, 2.5, '10'], 'a number such as 10'],
  redisUrl: [['', 'redis.example.com', 'http://redis', 1], 'a URL'],
  dataDir: [['', 1], 'a text'],
  smtpUrl: [['', 'mail.example.com', 'http://mail.example.com', 'smtp:', 1], 'a URL'],
  mailFrom: [['', 'a', 1], 'an address'],
  publicUrl: [['', 'auth.example.com', 'ftp://a.b', 'https://a b', 'https://a?b', 'https://a#b', 'https://'], 'a URL'],
  authSecret: [[1, {}, () => secret], 'at least 32 bytes'],
  authSecretFile: [['', 1], 'a text'],
  authAudience: [['', ['a']], 'a text'],
  authAccessTtl: [['', '5', '5 m', '5M', '1.5h', '-5m', '1w', '05m', 300, 'm'], 'a duration'],
  authRefreshTtl: [['x', 1], 'a duration'],
  authSessionTtl: [['x', 1], 'a duration'],
  authRefreshGrace: [['x', 0], 'a duration'],
  authStatusListTtl: [['x', 10], 'a duration'],
  authKeyRotation: [['x', '90'], 'a duration'],
  authKeyAlgorithm: [['es256', 'HS256', 'none'], 'one of ES256'],
  authRegistration: [['', 'OPEN', 'yes', true], 'one of open'],
  authEmailVerification: [['', 'on', true], 'one of optional'],
  authAuditRetention: [['x', '365'], 'a duration'],
  authMailLocale: [['', 'english!', 'pt_BR', 1], 'a language'],
  authMailTemplates: [['', 1], 'a text'],
  authPageFiles: [['', 1], 'a text'],
  authProfileSchema: [['', 1], 'a text'],
  authClaims: [['', 'tenant', '[]', ['a'], 1], 'a JSON object'],
  authPasswordMin: [[7, 65, '8', 8.5], 'a number from 8 to 64'],
  authPasswordPolicy: [['strict', ''], 'one of standard'],
  authTrustProxy: [['10.0.0.0/8', [1], true, 1], 'a list'],
  authLoginUrls: [['https://app.example.com/login', [1], true], 'a list'],
  authAppUrl: [['', 'app.example.com', 'ftp://a', 1], 'a URL'],
  authCorsOrigins: [['https://app.example.com', [1], true], 'a list'],
  authSimplejwtKey: [['', 'short', 1], 'the SIGNING_KEY'],
  authSimplejwtAlgorithm: [['none', 'hs256'], 'one of HS256'],
  authSimplejwtUserIdClaim: [['', 1], 'a text'],
  authSimplejwtUntil: [['', 'soon', '2027-02-30', '2027-03-01T00:00:00Z', 1], 'a day'],
  authSimplejwtAccess: [['yes', true], 'one of off'],
  authMetrics: [['yes', true], 'one of off'],
  authRateLimit: [['no', false], 'one of on'],
  authRateLimits: [
    [['login'], ['login=0/1m'], ['login=1/0m'], ['login=1'], ['logins=1/1m'], ['login=1/1y'], 'login=1/1m', [1], true],
    'a list such as login=30/1m'
  ],
  authDocs: [['no', true], 'one of on'],
  logLevel: [['verbose', 'INFO', 30], 'one of info']
}

t.test('a password is not shown, however its URL is misspelt', t => {
  for (const [DATABASE_URL, shown] of [
    ['mysql://ada:hidden@db/x', '"mysql://***@db/x"'],
    ['postgres:/ada:hidden@db/x', '"postgres:/***@db/x"'],
    ['postgres:ada:hid//den@db/x', '"postgres:***@db/x"'],
    ['ada:hid@den@db/x', '"ada:***@db/x"'],
    ['hidden@db/x', '"***@db/x"'],
    [' postgres://ada:hid\nden@db/x', '" postgres://***@db/x"'],
    ['db/x?user=ada&password=hid&x=1', '"db/x?user=ada&password=***&x=1"'],
    ['host=db user=ada password=hid den', '"host=db user=ada password=***"']
  ] as const)
    t.match(environmentProblems({ DATABASE_URL })[0], `DATABASE_URL: ${shown} does not fit; give sqlite:PATH`)
  t.end()
})

t.test('a value that does not fit is refused with its name and an example', t => {
  t.same(Object.keys(bad), names, 'every setting is tried')
  for (const [name, [values, example]] of Object.entries(bad)) {
    for (const value of values) {
      const [line = '', ...more] = problems({ [name]: value })
      t.ok(line.startsWith(`${environmentName(name)}: `), line)
      t.ok(line.includes(`; give ${example}`), line)
      t.same(more, [])
    }
  }
  t.end()
})

t.test('a value of the environment is refused as it was written', t => {
  t.match(environmentProblems({ PORT: 'abc' }), ['PORT: "abc" does not fit; give a port such as 8000'])
  for (const port of ['80.5', '-1', ' 80', '1e3', '0x10', '8000 ', '65536']) {
    t.match(environmentProblems({ PORT: port }), [/^PORT: .*8000$/])
  }
  t.match(environmentProblems({ AUTH_PASSWORD_MIN: 'many' }), [/^AUTH_PASSWORD_MIN: "many"/])
  t.end()
})

t.test('all that is wrong stands in one message', t => {
  const shapes = Object.fromEntries(Object.entries(bad).map(([name, [values]]) => [name, values[0]]))
  t.same(
    problems({ ...shapes, authFoo: 1 }).map(line => line.replace(/[: ].*/, '')),
    ['authFoo', ...names.map(environmentName)]
  )
  const meant = { AUTH_SECRET: 'short', PUBLIC_URL: 'https://a:99999', AUTH_TRUST_PROXY: 'x,10.0.0.1/33,y' }
  t.equal(environmentProblems({ ...meant, PORT: 'x', AUTH_ACCESS_TTL: '2d', AUTH_NONE: '1' }).length, 9)
  t.end()
})

t.test('an unknown AUTH_ variable or option is refused, with the one that was probably meant', t => {
  const meant = {
    AUTH_ACESS_TTL: 'AUTH_ACCESS_TTL',
    AUTH_SECRETS: 'AUTH_SECRET',
    AUTH_RATELIMIT: 'AUTH_RATE_LIMIT',
    AUTH_TRUST_PROXIES: 'AUTH_TRUST_PROXY',
    AUTH_PASSWORD_MINIMUM: 'AUTH_PASSWORD_MIN'
  }
  for (const [wrong, right] of Object.entries(meant))
    t.same(environmentProblems({ [wrong]: 'on' }), [`${wrong}: there is no such setting; did you mean ${right}?`])
  t.same(environmentProblems({ AUTH_FOO: '1', AUTH_: '1' }), [
    'AUTH_FOO: there is no such setting',
    'AUTH_: there is no such setting'
  ])
  t.match(problems({ databseUrl: 'sqlite:x' }), [
    /^databseUrl .*there is no such setting; did you mean DATABASE_URL\?$/
  ])
  t.match(problems({ logger: { info() {} } }), [/^logger .*there is no such setting/])
  for (const name of ['toString', 'constructor', 'hasOwnProperty'])
    t.match(problems({ [name]: 1 }), [new RegExp(`^${name} .*there is no such setting`)])
  t.match(problems(JSON.parse('{"__proto__":{"port":1}}')), [/^__proto__ .*there is no such setting/])
  t.end()
})

t.test('what needs another setting says which', t => {
  const smtp = 'smtp://user:hunter2@mail.example.com:99999'
  t.same(environmentProblems({ SMTP_URL: smtp, MAIL_FROM: 'a@b.example' }), [
    'SMTP_URL: its value is not a URL; give a URL such as smtps://user:password@mail.example.com:465'
  ])
  t.same(environmentProblems({ SMTP_URL: 'smtp://127.0.0.1:2525' }), [
    'MAIL_FROM: it is needed with SMTP_URL; give an address such as Example <no-reply@example.com>'
  ])
  t.match(environmentProblems({ AUTH_SIMPLEJWT_KEY: secret }), [/^AUTH_SIMPLEJWT_UNTIL: it is needed with /])
  t.notMatch(environmentProblems({ SMTP_URL: 'smpt://user:hunter2@host' }), [/hunter2/])
  t.notMatch(environmentProblems({ AUTH_SIMPLEJWT_KEY: 'hunter2' }), [/hunter2/])
  t.end()
})

t.test('a list of origins holds origins: no path, no wildcard, no null', t => {
  const fine = 'https://app.example.com,http://localhost:5173,https://[::1]:8443'
  t.same(environmentProblems({ AUTH_CORS_ORIGINS: fine, AUTH_APP_URL: 'https://app.example.com/a?b=c' }), [])
  const wrong = [
    'https://app.example.com/',
    '*',
    'null',
    'app.example.com',
    'https://*.example.com/',
    'HTTPS://a.example'
  ]
  t.same(
    environmentProblems({ AUTH_CORS_ORIGINS: wrong.join(',') }).map(line => line.replace(/ is not an origin.*/, '')),
    wrong.map(origin => `AUTH_CORS_ORIGINS: ${JSON.stringify(origin)}`)
  )
  t.match(environmentProblems({ AUTH_APP_URL: 'https://a#b' }), [/^AUTH_APP_URL: /])
  t.end()
})

t.test('a limit is set once', t => {
  t.same(environmentProblems({ AUTH_RATE_LIMITS: 'login=30/1m,mail=5/1h' }), [])
  t.same(environmentProblems({ AUTH_RATE_LIMITS: 'login=30/1m,mail=5/1h,login=60/1m' }), [
    'AUTH_RATE_LIMITS: login is set more than once; keep one of them'
  ])
  t.end()
})

t.test('a list of proxies holds addresses and ranges, and none that means everybody', t => {
  const fine = '10.0.0.0/8,192.168.1.7,::1,fd00::/8,::ffff:10.0.0.0/104,1.2.3.4/32'
  t.same(environmentProblems({ AUTH_TRUST_PROXY: fine }), [])
  const wrong =
    'x,1,true,loopback,10.0.0.0/33,10.0.0.0/,10.0.0.0/8/8,300.1.1.1,::/129,10.0.0.0/-1,0.0.0.0/0,::/0'.split(',')
  const found = environmentProblems({ AUTH_TRUST_PROXY: wrong.join(',') })
  t.same(
    found.map(line => /^AUTH_TRUST_PROXY: "(.*)" is neither an address nor a CIDR range; give a list/.exec(line)?.[1]),
    wrong
  )
  t.end()
})

t.test('a list of login pages holds whole URLs, which a redirect can lead to', t => {
  const fine = 'https://app.example.com/login,http://127.0.0.1:3000,https://app.example.com/?a=b'
  t.same(environmentProblems({ AUTH_LOGIN_URLS: fine }), [])
  const wrong = '/login,//a/b,app.example.com,javascript:alert(1),https://,https://a b,https://a#b,https://ü/,ftp://a/'
  const found = environmentProblems({ AUTH_LOGIN_URLS: wrong })
  t.same(
    found.map(line => /^AUTH_LOGIN_URLS: "(.*)" is not the whole URL of a page; give a list/.exec(line)?.[1]),
    wrong.split(',')
  )
  const [said] = environmentProblems({ AUTH_LOGIN_URLS: 'https://ada:secret@app.example.com/' })
  t.notMatch(said, /secret/)
  t.end()
})

t.test('settings that contradict each other or common sense are refused', t => {
  const wrong: Array<[Options, RegExp]> = [
    [{ authSecret: secret, authSecretFile: '/x' }, /^AUTH_SECRET and AUTH_SECRET_FILE/],
    [{ authSecret: 'x'.repeat(31) }, /^AUTH_SECRET: shorter than 32 bytes/],
    [{ authSecret: '' }, /^AUTH_SECRET: shorter than 32 bytes/],
    [{ publicUrl: 'https://auth.example.com:99999' }, /^PUBLIC_URL: .* is not a URL/],
    [{ publicUrl: 'https://ada:pw@auth.example.com' }, /^PUBLIC_URL: /],
    [{ authAccessTtl: '999ms' }, /^AUTH_ACCESS_TTL: must be from 1s to 1d/],
    [{ authAccessTtl: '0' }, /^AUTH_ACCESS_TTL: must be from 1s to 1d/],
    [{ authAccessTtl: '86400001ms', authRefreshTtl: '2d' }, /^AUTH_ACCESS_TTL: must be from 1s to 1d/],
    [{ authAccessTtl: '1h', authRefreshTtl: '59m' }, /^AUTH_REFRESH_TTL: must not be shorter than AUTH_ACCESS_TTL/],
    [{ authRefreshTtl: '31d' }, /^AUTH_SESSION_TTL: must not be shorter than AUTH_REFRESH_TTL/],
    [{ authSessionTtl: '3651d' }, /^AUTH_SESSION_TTL: must be at most 3650d/],
    [{ authSessionTtl: `${'9'.repeat(400)}d` }, /^AUTH_SESSION_TTL: must be at most 3650d/],
    [{ authRefreshGrace: '60001ms' }, /^AUTH_REFRESH_GRACE: must be at most 1m/],
    [{ authStatusListTtl: '999ms' }, /^AUTH_STATUS_LIST_TTL: must be from 1s to 5m; give 10s, for example$/],
    [{ authStatusListTtl: '301s' }, /^AUTH_STATUS_LIST_TTL: must be from 1s to 5m/],
    [{ authKeyRotation: '59m' }, /^AUTH_KEY_ROTATION: must be 0, or from 1h to 3650d; give 90d, for example$/],
    [{ authKeyRotation: '3651d' }, /^AUTH_KEY_ROTATION: must be 0, or from 1h to 3650d/],
    [{ authAuditRetention: '23h' }, /^AUTH_AUDIT_RETENTION: must be 0, or from 1d to 3650d; give 365d, for example$/],
    [{ authAuditRetention: '3651d' }, /^AUTH_AUDIT_RETENTION: must be 0, or from 1d/]
  ]
  for (const [options, line] of wrong) t.match(problems(options), [line], JSON.stringify(options).slice(0, 60))
  const fine: Options[] = [
    { authSecret: 'é'.repeat(16) },
    { authAccessTtl: '1s', authRefreshTtl: '1s', authSessionTtl: '1s', authRefreshGrace: '0' },
    { authStatusListTtl: '1s' },
    { authStatusListTtl: '5m' },
    { authKeyRotation: '0' },
    { authKeyRotation: '1h' },
    { authKeyRotation: '3650d' },
    { authAuditRetention: '0' },
    { authAuditRetention: '1d' },
    { authAccessTtl: '1d', authRefreshTtl: '3650d', authSessionTtl: '3650d', authRefreshGrace: '1m' }
  ]
  for (const options of fine) t.same(problems(options), [])
  t.end()
})

t.test('no message repeats a secret', t => {
  const urls = {
    DATABASE_URL: `mysql://postern:${secret}@db/postern`,
    PUBLIC_URL: `https://ada:hunter2@auth.example.com`
  }
  const guesses = { AUTH_SECRETS: secret, AUTH_PASSWORD: secret, AUTH_SECRET: 'hunter2' }
  const lines = environmentProblems({ ...urls, ...guesses })
  t.equal(lines.length, 5)
  t.notMatch(lines.join('\n'), /hunter2/)
  t.match(lines.join('\n'), /@db\/postern/, 'the rest of a URL helps to find it')
  t.notMatch(problems({ authSecret: [secret] }).join(), /hunter2/)
  t.end()
})
