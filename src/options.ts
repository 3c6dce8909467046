import { type Static, type TSchema, Type } from 'typebox'
import { LIMIT_PATTERN } from './limits/named.ts'
import { choice, duration, text } from './option-kinds.ts'
import { simplejwtOptions } from './options-simplejwt.ts'
import { storeOptions } from './options-store.ts'

/** All settings. The environment names, the plugin options and the table in the README derive from this object. */
export const Options = Type.Object(
  {
    host: text('Address to listen on', { default: '127.0.0.1', minLength: 1 }),
    port: Type.Integer({
      default: 8000,
      minimum: 0,
      maximum: 65535,
      description: 'Port to listen on',
      expected: 'a port such as 8000'
    }),
    maxConnections: Type.Integer({
      default: 10_000,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Connections at a time; those beyond are closed as they come',
      expected: 'a number such as 10000'
    }),
    ...storeOptions,
    dataDir: Type.Optional(
      text('Folder of the master secret. Default: the folder of the SQLite file, else `./data`', { minLength: 1 })
    ),
    smtpUrl: Type.Optional(
      text('Mail server. Without one, mails are written to files in `DATA_DIR/outbox`, and their links are logged', {
        pattern: '^smtps?://[^\\s/]+.*$',
        expected: 'a URL such as smtps://user:password@mail.example.com:465'
      })
    ),
    mailFrom: Type.Optional(
      text('Sender of mails; needed with SMTP_URL. Default: `no-reply@` the host of PUBLIC_URL', {
        minLength: 3,
        expected: 'an address such as Example <no-reply@example.com>'
      })
    ),
    publicUrl: Type.Optional(
      text('How clients reach the service; the `iss` of tokens. Default: `http://HOST:PORT`', {
        pattern: '^https?://[^\\s?#]+$',
        expected: 'a URL such as https://auth.example.com'
      })
    ),
    authSecret: Type.Optional(
      text('Master secret, at least 32 bytes. Default: the file `DATA_DIR/secret`, made once with mode 0600', {
        expected: 'at least 32 bytes, such as the output of: openssl rand -base64 48'
      })
    ),
    authSecretFile: Type.Optional(text('File that holds the master secret', { minLength: 1 })),
    authAudience: Type.Optional(text('`aud` of access tokens. Default: PUBLIC_URL', { minLength: 1 })),
    authAccessTtl: duration('5m', 'Life of an access token; at most 1d'),
    authRefreshTtl: duration('1d', 'A session that is not refreshed for this long ends'),
    authSessionTtl: duration('30d', 'A session ends at the latest after this; at most 3650d'),
    authRefreshGrace: duration(
      '10s',
      'For this long the previous refresh token returns the same successor; `0` turns it off, at most 1m'
    ),
    authStatusListTtl: duration(
      '10s',
      'How long verifiers may keep a status list, so how late they learn of a logout; 1s to 5m'
    ),
    authKeyRotation: duration(
      '90d',
      'A key that has signed access tokens for this long is replaced by the next; `0` turns that off, else 1h to 3650d'
    ),
    authKeyAlgorithm: choice(['ES256', 'EdDSA', 'RS256'], 'What new keys sign access tokens with'),
    authRegistration: choice(['open', 'invite', 'closed'], 'Whether anybody may register, or only who was invited'),
    authEmailVerification: choice(
      ['optional', 'off', 'required'],
      'Whether new addresses are asked to prove themselves; `required` lets nobody log in before that'
    ),
    authAuditRetention: duration(
      '365d',
      'Rows of the audit trail that are older than this are removed; `0` keeps all, else 1d to 3650d'
    ),
    authMailLocale: text('Language of mails and pages where nothing else is asked for', {
      default: 'en',
      pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
      expected: 'a language such as en or pt-BR'
    }),
    authMailTemplates: Type.Optional(text('Folder of mail templates that replace those shipped', { minLength: 1 })),
    authPageFiles: Type.Optional(
      text('Folder of texts and a style sheet that replace those of the pages behind mailed links', { minLength: 1 })
    ),
    authProfileSchema: Type.Optional(
      text('JSON Schema file of the fields that a user has beside ours', { minLength: 1 })
    ),
    authClaims: Type.Record(Type.String(), Type.Unknown(), {
      default: {},
      description: 'Further claims of every access token of a user, as a JSON object',
      expected: 'a JSON object such as {"tenant": "acme"}'
    }),
    authPasswordMin: Type.Integer({
      default: 8,
      minimum: 8,
      maximum: 64,
      description: 'Least number of characters in a password',
      expected: 'a number from 8 to 64'
    }),
    authPasswordPolicy: choice(
      ['standard', 'nist'],
      '`nist` asks for at least 15 characters, as SP 800-63B-4 does where the password is the only factor'
    ),
    authTrustProxy: Type.Array(Type.String(), {
      default: [],
      description: 'Proxies whose X-Forwarded-* headers count: addresses and CIDR ranges, with commas between',
      expected: 'a list such as 10.0.0.0/8,192.168.1.7'
    }),
    authLoginUrls: Type.Array(Type.String(), {
      default: [],
      description: 'Login pages to which /forward-auth may redirect, letter for letter, with commas between',
      expected: 'a list such as https://app.example.com/login'
    }),
    authAppUrl: Type.Optional(
      text('The application: where the pages behind mailed links lead to when they are done', {
        pattern: '^https?://[^\\s]+$',
        expected: 'a URL such as https://app.example.com/'
      })
    ),
    authCorsOrigins: Type.Array(Type.String(), {
      default: [],
      description:
        'Origins of web pages elsewhere that may call the API with cookies, letter for letter, with commas between',
      expected: 'a list such as https://app.example.com'
    }),
    ...simplejwtOptions,
    authMetrics: choice(['off', 'on'], 'Prometheus metrics at /metrics, for whoever can reach it'),
    authRateLimit: choice(['on', 'off'], 'Limits, and the delay after wrong passwords; `off` is for benchmarks only'),
    authRateLimits: Type.Array(Type.String({ pattern: LIMIT_PATTERN }), {
      default: [],
      description: 'Limits other than the defaults, with commas between; docs/limits.md names them all',
      expected: 'a list such as login=30/1m,register=10/1m, of names that docs/limits.md has'
    }),
    authDocs: choice(['on', 'off'], 'Swagger UI at /docs'),
    logLevel: choice(['info', 'trace', 'debug', 'warn', 'error', 'fatal', 'silent'], 'Least severity that is logged')
  },
  { additionalProperties: false }
)

/** What a host or a test may say; everything has a default. */
export type Options = Partial<Static<typeof Options>>

type Durations =
  | 'authAccessTtl'
  | 'authRefreshTtl'
  | 'authSessionTtl'
  | 'authRefreshGrace'
  | 'authStatusListTtl'
  | 'authKeyRotation'
  | 'authAuditRetention'

/** The settings in force. Durations are milliseconds. */
export type Config = Readonly<
  Omit<
    Static<typeof Options>,
    Durations | 'dataDir' | 'publicUrl' | 'authAudience' | 'mailFrom' | 'authSimplejwtUntil'
  > &
    Record<Durations, number> & {
      dataDir: string
      secretFile: string
      publicUrl: string
      authAudience: string
      mailFrom: string
      /** Where mails are written without a mail server. */
      outboxFolder: string
      /** Milliseconds since 1970. */
      authSimplejwtUntil: number
    }
>

/** The settings by name, as the parser of the environment and the table of the README need them. */
export const properties = Options.properties as Record<
  string,
  TSchema & { type?: string; expected?: string; default?: unknown; description?: string }
>

/** The environment name of an option: `authAccessTtl` is AUTH_ACCESS_TTL. */
export const environmentName = (option: string): string =>
  option.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
