import { isIP } from 'node:net'
import { Value } from 'typebox/value'
import { type Config, environmentName, Options, properties } from './options.ts'

const DAY = 86_400_000

/** What is wrong with single settings: unknown names, values that do not fit. */
export function* shapeProblems(values: object): Generator<string> {
  for (const name of Object.keys(values).filter(name => !(name in properties))) {
    yield `${name.startsWith('AUTH_') ? name : `${name} (${environmentName(name)})`}: there is no such setting${nearest(name)}`
  }
  const wrong = new Set(
    Value.Errors(Options, values)
      .map(error => error.instancePath.split('/')[1])
      .filter(name => name !== undefined && name in properties)
  )
  for (const name of wrong as Set<string>) {
    const secret = name === 'authSecret'
    const found = secret
      ? 'its value does not fit'
      : `${JSON.stringify((values as Record<string, unknown>)[name])} does not fit`
    yield `${environmentName(name)}: ${found}; give ${properties[name]?.expected ?? 'a text that is not empty'}`
  }
}

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
export function* meaningProblems(config: Config): Generator<string> {
  if (config.authSecret && config.authSecretFile)
    yield 'AUTH_SECRET and AUTH_SECRET_FILE are both set; keep one of them'
  if (config.authSecret && Buffer.byteLength(config.authSecret) < 32)
    yield `AUTH_SECRET: shorter than 32 bytes; give ${properties.authSecret?.expected}`
  if (!URL.canParse(config.publicUrl))
    yield `PUBLIC_URL: ${JSON.stringify(config.publicUrl)} is not a URL; give one such as https://auth.example.com`
  if (config.authAccessTtl < 1000 || config.authAccessTtl > DAY)
    yield 'AUTH_ACCESS_TTL: must be from 1s to 1d; give 5m, for example'
  if (config.authRefreshTtl < config.authAccessTtl)
    yield 'AUTH_REFRESH_TTL: must not be shorter than AUTH_ACCESS_TTL; give 1d, for example'
  if (config.authSessionTtl < config.authRefreshTtl)
    yield 'AUTH_SESSION_TTL: must not be shorter than AUTH_REFRESH_TTL; give 30d, for example'
  if (config.authRefreshGrace > 60_000) yield 'AUTH_REFRESH_GRACE: must be at most 1m; give 10s, for example'
  for (const range of config.authTrustProxy.filter(range => !isRange(range))) {
    yield `AUTH_TRUST_PROXY: ${JSON.stringify(range)} is neither an address nor a CIDR range; give a list such as 10.0.0.0/8,192.168.1.7`
  }
}

function isRange(range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
