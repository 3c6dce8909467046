import { isIP } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { parse as parseDuration } from '@lukeed/ms'
import type { Static } from 'typebox'
import { Value } from 'typebox/value'
import { fits, meaningProblems, shapeProblems } from './config-problems.ts'
import { StartError } from './errors.ts'
import { type Config, environmentName, Options, properties } from './options.ts'

export { type Config, Options } from './options.ts'

/** Reads options from environment variables; an empty one counts as absent, an unknown AUTH_ name is passed on. */
export function readEnvironment(environment: Record<string, string | undefined>): Options {
  const options: Record<string, unknown> = {}
  const known = new Map(Object.keys(properties).map(option => [environmentName(option), option]))
  for (const [name, value] of Object.entries(environment)) {
    const option = known.get(name) ?? (name.startsWith('AUTH_') ? name : undefined)
    if (option && value) options[option] = fromText(properties[option]?.type, value)
  }
  return options
}

function fromText(type: string | undefined, value: string): unknown {
  if (type === 'integer') return /^\d+$/.test(value) ? Number(value) : value
  if (type === 'object') return parseJson(value)
  if (type === 'array')
    return value
      .split(',')
      .map(part => part.trim())
      .filter(Boolean)
  return value
}

/** Text that is no JSON stays what it is, for the check to refuse. */
function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

/** Checks options and adds the defaults. Throws one StartError that lists every problem. */
export function resolveConfig(options: Options): Config {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const fitting = Object.fromEntries(Object.entries(given).filter(([name, value]) => fits(name, value)))
  const config = derive(Value.Default(Options, fitting) as Static<typeof Options>)
  const problems = [...shapeProblems(given), ...meaningProblems(config, Object.hasOwn(given, 'mailFrom'))]
  if (problems.length > 0) {
    throw new StartError(
      `Postern cannot start, because of its settings:\n${problems.map(problem => `  - ${problem}`).join('\n')}`
    )
  }
  return config
}

function derive(values: Static<typeof Options>): Config {
  const milliseconds = (value: string) => (value === '0' ? 0 : (parseDuration(value) ?? 0))
  const host = isIP(values.host) === 6 ? `[${values.host}]` : values.host
  const publicUrl = (values.publicUrl ?? `http://${host}:${values.port}`).replace(/\/+$/, '')
  const file = databaseFile(values)
  const dataDir = resolve(values.dataDir ?? (file === undefined || file === ':memory:' ? 'data' : dirname(file)))
  return {
    ...values,
    authAccessTtl: milliseconds(values.authAccessTtl),
    authRefreshTtl: milliseconds(values.authRefreshTtl),
    authSessionTtl: milliseconds(values.authSessionTtl),
    authRefreshGrace: milliseconds(values.authRefreshGrace),
    authStatusListTtl: milliseconds(values.authStatusListTtl),
    authKeyRotation: milliseconds(values.authKeyRotation),
    authAuditRetention: milliseconds(values.authAuditRetention),
    mailFrom: values.mailFrom ?? `no-reply@${URL.parse(publicUrl)?.hostname ?? 'localhost'}`,
    outboxFolder: join(dataDir, 'outbox'),
    authSimplejwtUntil: Date.parse(values.authSimplejwtUntil ?? '1970-01-01'),
    dataDir,
    secretFile: values.authSecretFile ?? join(dataDir, 'secret'),
    publicUrl,
    authAudience: values.authAudience ?? publicUrl
  }
}

/** The file of the SQLite database, or `:memory:`; undefined where data is kept on a Postgres server. */
export const databaseFile = ({ databaseUrl }: Pick<Config, 'databaseUrl'>): string | undefined =>
  databaseUrl.startsWith('sqlite:') ? databaseUrl.slice('sqlite:'.length).trim() : undefined
