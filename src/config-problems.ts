import { isIP } from 'node:net'
import { inspect } from 'node:util'
import { Value } from 'typebox/value'
import { repeatedLimits } from './limits/named.ts'
import { redisUrlProblem } from './limits/redis-url.ts'
import { type Config, environmentName, properties } from './options.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const SECRET = new Set(['authSecret', 'authSimplejwtKey', 'redisUrl'])

/** Whether there is such a setting and the value fits it. */
export function fits(name: string, value: unknown): boolean {
  const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
  return schema !== undefined && Value.Check(schema, value)
}

/** What is wrong with single settings: unknown names, values that do not fit. */
export function* shapeProblems(given: Record<string, unknown>): Generator<string> {
  for (const name of Object.keys(given).filter(name => !Object.hasOwn(properties, name))) {
    yield `${name.startsWith('AUTH_') ? name : `${name} (${environmentName(name)})`}: there is no such setting${nearest(name)}`
  }
  for (const [name, { expected = 'a text that is not empty' }] of Object.entries(properties)) {
    if (!Object.hasOwn(given, name) || fits(name, given[name])) continue
    const found = SECRET.has(name) ? 'its value' : show(given[name])
    yield `${environmentName(name)}: ${found} does not fit; give ${expected}`
  }
}

/** A value for people, without the name and password that a URL may hold, also one that is misspelt. */
const show = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(mask(value)) : mask(inspect(value, { depth: 0 }))

const mask = (text: string): string =>
  text.replace(/^([a-z][a-z0-9+.-]*:\/*|.*?\/\/)?.*@/is, '$1***@').replace(/(pass\w*|pwd)=[^&]*/gi, '$1=***')

function nearest(name: string): string {
  const wanted = environmentName(name).replaceAll('_', '')
  const similar = Object.keys(properties)
    .map(environmentName)
    .find(known => overlap(known.replaceAll('_', ''), wanted) > 0.6)
  return similar ? `; did you mean ${similar}?` : ''
}

function overlap(a: string, b: string): number {
  const pairs = (word: string) => new Set(Array.from(word.slice(1), (letter, at) => word[at] + letter))
  const left = pairs(a)
  const right = pairs(b)
  return (2 * [...left].filter(pair => right.has(pair)).length) / (left.size + right.size)
}

/** What is wrong with settings that fit by themselves: limits, and pairs that contradict each other. */
export function* meaningProblems(config: Config, senderGiven: boolean): Generator<string> {
  if (config.authSecret !== undefined && config.authSecretFile !== undefined)
    yield 'AUTH_SECRET and AUTH_SECRET_FILE are both set; keep one of them'
  if (config.authSecret !== undefined && Buffer.byteLength(config.authSecret) < 32)
    yield `AUTH_SECRET: shorter than 32 bytes; give ${properties.authSecret?.expected}`
  if (
    !config.databaseUrl.startsWith('sqlite:') &&
    config.authSecret === undefined &&
    config.authSecretFile === undefined
  )
    yield 'AUTH_SECRET: with Postgres it must be set, the same for every instance: no file is made for it; give the output of: openssl rand -base64 48'
  const publicUrl = URL.parse(config.publicUrl)
  if (!publicUrl) yield `PUBLIC_URL: ${show(config.publicUrl)} is not a URL; give one such as https://auth.example.com`
  else if (publicUrl.username || publicUrl.password)
    yield 'PUBLIC_URL: every token shows it, so no name or password may be in it; give a URL such as https://auth.example.com'
  if (config.authAccessTtl < 1000 || config.authAccessTtl > DAY)
    yield 'AUTH_ACCESS_TTL: must be from 1s to 1d; give 5m, for example'
  if (config.authRefreshTtl < config.authAccessTtl)
    yield 'AUTH_REFRESH_TTL: must not be shorter than AUTH_ACCESS_TTL; give 1d, for example'
  if (config.authSessionTtl < config.authRefreshTtl)
    yield 'AUTH_SESSION_TTL: must not be shorter than AUTH_REFRESH_TTL; give 30d, for example'
  if (config.authSessionTtl > 3650 * DAY) yield 'AUTH_SESSION_TTL: must be at most 3650d; give 30d, for example'
  if (config.authRefreshGrace > 60_000) yield 'AUTH_REFRESH_GRACE: must be at most 1m; give 10s, for example'
  if (config.authStatusListTtl < 1000 || config.authStatusListTtl > 300_000)
    yield 'AUTH_STATUS_LIST_TTL: must be from 1s to 5m; give 10s, for example'
  if (config.authKeyRotation !== 0 && (config.authKeyRotation < HOUR || config.authKeyRotation > 3650 * DAY))
    yield 'AUTH_KEY_ROTATION: must be 0, or from 1h to 3650d; give 90d, for example'
  if (config.authAuditRetention !== 0 && (config.authAuditRetention < DAY || config.authAuditRetention > 3650 * DAY))
    yield 'AUTH_AUDIT_RETENTION: must be 0, or from 1d to 3650d; give 365d, for example'
  if (config.smtpUrl !== undefined && !URL.canParse(config.smtpUrl))
    yield `SMTP_URL: its value is not a URL; give ${properties.smtpUrl?.expected}`
  const redisProblem = config.redisUrl === undefined ? undefined : redisUrlProblem(config.redisUrl)
  if (redisProblem) yield `REDIS_URL: its value ${redisProblem}; give ${properties.redisUrl?.expected}`
  if (config.smtpUrl !== undefined && !senderGiven)
    yield `MAIL_FROM: it is needed with SMTP_URL; give ${properties.mailFrom?.expected}`
  if (config.authSimplejwtKey !== undefined && config.authSimplejwtUntil === 0)
    yield `AUTH_SIMPLEJWT_UNTIL: it is needed with AUTH_SIMPLEJWT_KEY; give ${properties.authSimplejwtUntil?.expected}`
  for (const url of config.authLoginUrls.filter(url => !isPage(url))) {
    yield `AUTH_LOGIN_URLS: ${show(url)} is not the whole URL of a page; give a list such as https://app.example.com/login`
  }
  if (config.authAppUrl !== undefined && !isPage(config.authAppUrl))
    yield `AUTH_APP_URL: ${show(config.authAppUrl)} is not the whole URL of a page; give ${properties.authAppUrl?.expected}`
  for (const origin of config.authCorsOrigins.filter(origin => URL.parse(origin)?.origin !== origin)) {
    yield `AUTH_CORS_ORIGINS: ${show(origin)} is not an origin; give a list such as https://app.example.com`
  }
  for (const name of repeatedLimits(config.authRateLimits))
    yield `AUTH_RATE_LIMITS: ${name} is set more than once; keep one of them`
  for (const range of config.authTrustProxy.filter(range => !isRange(range))) {
    yield `AUTH_TRUST_PROXY: ${JSON.stringify(range)} is neither an address nor a CIDR range; give a list such as 10.0.0.0/8,192.168.1.7`
  }
}

/** Whether a URL can stand in a Location header, with a query of ours behind it. */
const isPage = (url: string): boolean => /^https?:\/\/[^\s#@]+$/.test(url) && /^[!-~]+$/.test(url) && URL.canParse(url)

function isRange(range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  // Not 0: a range that holds everybody would let everybody name an address.
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
