import { join, resolve } from 'node:path'
import t from 'tap'
import { Options, readEnvironment, resolveConfig } from '../src/config.ts'
import { environmentName } from '../src/options.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const names = Object.keys(Options.properties)
const secret = 'hunter2 hunter2 hunter2 hunter2!'

t.test('without settings the documented defaults are in force', t => {
  t.same(resolveConfig(readEnvironment({})), {
    host: '127.0.0.1',
    port: 8000,
    maxConnections: 10_000,
    databaseUrl: 'sqlite:./data/postern.db',
    databasePool: 10,
    dataDir: resolve('data'),
    secretFile: resolve('data/secret'),
    publicUrl: 'http://127.0.0.1:8000',
    authAudience: 'http://127.0.0.1:8000',
    authAccessTtl: 5 * MINUTE,
    authRefreshTtl: DAY,
    authSessionTtl: 30 * DAY,
    authRefreshGrace: 10_000,
    authStatusListTtl: 10_000,
    authKeyRotation: 90 * DAY,
    authAuditRetention: 365 * DAY,
    authKeyAlgorithm: 'ES256',
    authRegistration: 'open',
    authEmailVerification: 'optional',
    authMailLocale: 'en',
    authClaims: {},
    authPasswordMin: 8,
    authPasswordPolicy: 'standard',
    authTrustProxy: [],
    authLoginUrls: [],
    mailFrom: 'no-reply@127.0.0.1',
    outboxFolder: resolve('data/outbox'),
    authCorsOrigins: [],
    authSimplejwtAlgorithm: 'HS256',
    authSimplejwtUserIdClaim: 'user_id',
    authSimplejwtUntil: 0,
    authSimplejwtAccess: 'off',
    authMetrics: 'off',
    authRateLimit: 'on',
    authRateLimits: [],
    authDocs: 'on',
    logLevel: 'info'
  })
  t.end()
})

t.test('each setting is read from the environment under its own name', t => {
  const environment = {
    HOST: '::1',
    PORT: '9000',
    MAX_CONNECTIONS: '500',
    DATABASE_URL: 'sqlite:/var/lib/postern/db.sqlite',
    DATABASE_POOL: '25',
    REDIS_URL: 'rediss://:password@redis.example.com:6380/1',
    DATA_DIR: '/var/lib/postern/data',
    PUBLIC_URL: 'https://auth.example.com/base/',
    AUTH_SECRET: secret,
    AUTH_AUDIENCE: 'api',
    AUTH_ACCESS_TTL: '90s',
    AUTH_REFRESH_TTL: '36h',
    AUTH_SESSION_TTL: '7d',
    AUTH_REFRESH_GRACE: '1500ms',
    AUTH_STATUS_LIST_TTL: '20s',
    AUTH_KEY_ROTATION: '0',
    AUTH_AUDIT_RETENTION: '90d',
    AUTH_KEY_ALGORITHM: 'EdDSA',
    AUTH_REGISTRATION: 'closed',
    AUTH_EMAIL_VERIFICATION: 'required',
    AUTH_MAIL_LOCALE: 'pt-BR',
    AUTH_MAIL_TEMPLATES: '/etc/postern/mails',
    AUTH_PAGE_FILES: '/etc/postern/pages',
    AUTH_PROFILE_SCHEMA: '/etc/postern/profile.json',
    AUTH_CLAIMS: '{"tenant": "acme", "tier": 1}',
    AUTH_APP_URL: 'https://app.example.com/',
    AUTH_CORS_ORIGINS: 'https://app.example.com,http://localhost:5173',
    AUTH_SIMPLEJWT_KEY: secret,
    AUTH_SIMPLEJWT_ALGORITHM: 'HS512',
    AUTH_SIMPLEJWT_USER_ID_CLAIM: 'sub',
    AUTH_SIMPLEJWT_UNTIL: '2027-03-01',
    AUTH_SIMPLEJWT_ACCESS: 'on',
    AUTH_METRICS: 'on',
    SMTP_URL: 'smtps://user:password@mail.example.com',
    MAIL_FROM: 'Example <no-reply@example.com>',
    AUTH_PASSWORD_MIN: '12',
    AUTH_PASSWORD_POLICY: 'nist',
    AUTH_TRUST_PROXY: '10.0.0.0/8, ::1,,192.168.1.7 ',
    AUTH_LOGIN_URLS: 'https://app.example.com/login, https://b.example.com/?a=b',
    AUTH_RATE_LIMIT: 'off',
    AUTH_RATE_LIMITS: 'login=60/1m, code=5/1d',
    AUTH_DOCS: 'off',
    LOG_LEVEL: 'warn'
  }
  const all = [...Object.keys(environment), 'AUTH_SECRET_FILE']
  t.same(all.sort(), names.map(environmentName).sort(), 'these are all')
  t.same(resolveConfig(readEnvironment(environment)), {
    host: '::1',
    port: 9000,
    maxConnections: 500,
    databaseUrl: 'sqlite:/var/lib/postern/db.sqlite',
    databasePool: 25,
    redisUrl: 'rediss://:password@redis.example.com:6380/1',
    dataDir: '/var/lib/postern/data',
    secretFile: '/var/lib/postern/data/secret',
    publicUrl: 'https://auth.example.com/base',
    authSecret: secret,
    authAudience: 'api',
    authAccessTtl: 90_000,
    authRefreshTtl: 1.5 * DAY,
    authSessionTtl: 7 * DAY,
    authRefreshGrace: 1500,
    authStatusListTtl: 20_000,
    authKeyRotation: 0,
    authAuditRetention: 90 * DAY,
    authKeyAlgorithm: 'EdDSA',
    authRegistration: 'closed',
    authEmailVerification: 'required',
    authMailLocale: 'pt-BR',
    authMailTemplates: '/etc/postern/mails',
    authPageFiles: '/etc/postern/pages',
    authProfileSchema: '/etc/postern/profile.json',
    authClaims: { tenant: 'acme', tier: 1 },
    authAppUrl: 'https://app.example.com/',
    authCorsOrigins: ['https://app.example.com', 'http://localhost:5173'],
    authSimplejwtKey: secret,
    authSimplejwtAlgorithm: 'HS512',
    authSimplejwtUserIdClaim: 'sub',
    authSimplejwtUntil: Date.UTC(2027, 2, 1),
    authSimplejwtAccess: 'on',
    authMetrics: 'on',
    smtpUrl: 'smtps://user:password@mail.example.com',
    mailFrom: 'Example <no-reply@example.com>',
    outboxFolder: '/var/lib/postern/data/outbox',
    authPasswordMin: 12,
    authPasswordPolicy: 'nist',
    authTrustProxy: ['10.0.0.0/8', '::1', '192.168.1.7'],
    authLoginUrls: ['https://app.example.com/login', 'https://b.example.com/?a=b'],
    authRateLimit: 'off',
    authRateLimits: ['login=60/1m', 'code=5/1d'],
    authDocs: 'off',
    logLevel: 'warn'
  })
  t.equal(resolveConfig(readEnvironment({ AUTH_SECRET_FILE: '/run/secret' })).secretFile, '/run/secret')
  t.end()
})

t.test('what is not set follows from what is', t => {
  t.equal(resolveConfig({ host: '::1', port: 9000 }).publicUrl, 'http://[::1]:9000')
  t.equal(resolveConfig({ publicUrl: 'https://auth.example.com///' }).authAudience, 'https://auth.example.com')
  t.equal(resolveConfig({ publicUrl: 'https://auth.example.com/a' }).mailFrom, 'no-reply@auth.example.com')
  t.equal(resolveConfig({ databaseUrl: 'sqlite:/srv/auth/a.db' }).dataDir, '/srv/auth')
  t.equal(resolveConfig({ databaseUrl: 'sqlite:a.db' }).dataDir, resolve('.'))
  t.equal(resolveConfig({ databaseUrl: 'sqlite::memory:' }).dataDir, resolve('data'))
  t.equal(resolveConfig({ dataDir: 'here' }).dataDir, join(resolve('.'), 'here'))
  t.end()
})

t.test('an empty variable counts as absent, and so does undefined; other variables are not ours', t => {
  const empty = Object.fromEntries(names.map(name => [environmentName(name), '']))
  t.same(readEnvironment({ ...empty, PATH: '/bin', NODE_ENV: 'test', auth_docs: 'x', XAUTH_DOCS: 'x' }), {})
  const absent = Object.fromEntries(names.map(name => [name, undefined]))
  t.same(resolveConfig(absent), resolveConfig({}))
  t.end()
})
