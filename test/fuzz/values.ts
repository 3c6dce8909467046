import * as fc from 'fast-check'

/** A schema of the document, as far as values are made from it. */
export interface ValueSchema {
  type?: string | string[]
  properties?: Record<string, ValueSchema>
  items?: ValueSchema
  anyOf?: ValueSchema[]
  enum?: unknown[]
  const?: unknown
  examples?: unknown[]
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}

/** What stands for a value that only the running service can give, such as a token that is valid now. */
export const known = (name: string): string => `ZZ${name}ZZ`

/** What a field of that name may hold so that the request means something. */
const MEANINGFUL: Record<string, string[]> = {
  username: [known('username'), known('email'), 'grace', 'Ａda'],
  password: [known('password'), known('password'), 'a longer one this time', '12345678'],
  old_password: [known('password'), 'wrong horse'],
  new_password: ['a longer one this time', 'short', known('username')],
  email: [known('email'), 'grace@example.com', 'nobody@example.com', 'no address', 'a@b@c'],
  new_email: ['ada@example.org', known('email'), 'no address'],
  token: ['access', 'refresh', 'spent', 'machine', 'mailed'].map(known),
  refresh: ['refresh', 'spent', 'access', 'mailed'].map(known),
  code: [known('code'), '000000', '0000-0000'],
  id: [known('session'), '019b0d2e-7c1a-7b3e-9a55-0c6f1f6d2a10'],
  n: ['0', '1', '-1', '00', '1e9', '99999999999999999999'],
  role: ['admin', 'editor'],
  roles: ['admin', 'editor', ''],
  login_url: [
    'https://app.test/login',
    'https://app.test/login',
    'https://evil.test/',
    '//evil.test',
    'javascript:alert(1)'
  ],
  grant_type: ['client_credentials', 'password', 'authorization_code'],
  scope: ['reports:read', 'admin', 'reports:read reports:read', ' '],
  client_id: [known('client')],
  client_secret: [known('secret')],
  'if-none-match': ['*', '"x"', 'W/"x", "y"', '"'],
  transport: ['cookie', 'body']
}

/** Texts that have broken something somewhere. */
export const ODD_TEXTS = [
  ...['', ' ', '\0', 'a\0b', '\ud800', 'a\udc00b', '\ufeff', '\u202eadmin', 'A\u0308', '\u0130', '\ufdfa', '🧑‍🧑‍🧒‍🧒'],
  ...['__proto__', 'constructor', 'null', 'undefined', 'NaN', '0', '1e999', '-0', 'true', '[object Object]'],
  ...[
    "' OR 1=1 --",
    '#{7*7}',
    '{{7*7}}',
    '<script>',
    '../../etc/passwd',
    '%00',
    '\r\nSet-Cookie: a=b',
    'a'.repeat(300)
  ],
  ...['x'.repeat(20_000), '\u0301'.repeat(2000), '\ufdfa'.repeat(500), 'eyJhbGciOiJub25lIn0.e30.', `${'.'.repeat(500)}`]
]

/** Any text. */
export const texts = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ maxLength: 20 })
)

const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)

/** Any JSON, as text: no value of JavaScript has a name twice, or a number that is too great. */
export const wild: fc.Arbitrary<string> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map(value => JSON.stringify(value)),
  texts.map(text => JSON.stringify(text)),
  fc.constantFrom('null', 'true', '12345678', '-0', '1e999', '123456789012345678901234567890', '[]', '{}', '[[]]'),
  fc.constantFrom('{"__proto__":{"roles":["admin"]}}', '{"constructor":{"prototype":{"a":1}}}', '{"toString":1}'),
  fc.constantFrom(deep(3000, '[', ']'), `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`, `["${'","'.repeat(5000)}"]`)
)

function meaningful(name: string): fc.Arbitrary<string> {
  const usual = fc.constantFrom(...(MEANINGFUL[name] ?? [known('username'), 'text']))
  // Somebody new each time, or nobody could register twice.
  const fresh = fc.stringMatching(/^[a-z]{8,12}$/)
  if (name === 'username') return fc.oneof(usual, fresh)
  return name === 'email'
    ? fc.oneof(
        usual,
        fresh.map(local => `${local}@example.com`)
      )
    : usual
}

/** A text that fits a schema, mostly; `name` is that of its field. */
export function textFor(schema: ValueSchema, name: string): fc.Arbitrary<string> {
  const { pattern, minLength = 0, maxLength = 40 } = schema
  const fitting = pattern
    ? fc.stringMatching(new RegExp(pattern))
    : fc.string({ unit: 'grapheme', minLength, maxLength })
  return fc.oneof(
    { weight: 14, arbitrary: meaningful(name) },
    { weight: 2, arbitrary: fitting },
    { weight: 2, arbitrary: texts }
  )
}

/** JSON that fits a schema, mostly. */
export function valueFor(schema: ValueSchema, name: string): fc.Arbitrary<string> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(one => valueFor(one, name)))
  if (schema.enum) return fc.constantFrom(...schema.enum.map(value => JSON.stringify(value)))
  if (schema.const !== undefined) return fc.constant(JSON.stringify(schema.const))
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map(type => valueFor({ ...schema, type }, name)))
  const { type, items = {}, minimum = -1000, maximum = 1000 } = schema
  if (type === 'string') return textFor(schema, name).map(text => JSON.stringify(text))
  if (type === 'integer') return fc.integer({ min: minimum, max: maximum }).map(String)
  if (type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true }).map(String)
  if (type === 'boolean') return fc.boolean().map(String)
  if (type === 'null') return fc.constant('null')
  if (type === 'array') return fc.array(valueFor(items, name), { maxLength: 4 }).map(all => `[${all}]`)
  if (type === 'object') return objectFor(schema)
  return wild
}

const FOREIGN = [
  'roles',
  'email_verified',
  'id',
  'is_staff',
  '__proto__',
  'constructor',
  'toString',
  '',
  'a/b~c.d',
  'Username'
]
const fields = (properties: fc.Arbitrary<[string, string]>[]) =>
  fc.tuple(...properties.map(one => fc.option(one, { freq: 12 })))

/** An object with the fields of a schema, of which some are missing, odd, foreign or there twice. */
export function objectFor({ properties = {} }: ValueSchema): fc.Arbitrary<string> {
  const own = Object.entries(properties).map(([name, schema]) =>
    fc
      .oneof({ weight: 9, arbitrary: valueFor(schema, name) }, { weight: 1, arbitrary: wild })
      .map((value): [string, string] => [name, value])
  )
  const foreign = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...FOREIGN), texts), wild), { maxLength: 2 })
  return fc
    .tuple(
      fields(own),
      fc.oneof({ weight: 3, arbitrary: fc.constant<[string, string][]>([]) }, { weight: 1, arbitrary: foreign }),
      fc.nat(19)
    )
    .map(([given, more, twice]) => {
      const all = [...given.filter(one => one !== null), ...more]
      return `{${[...all, ...(twice === 0 ? all : [])].map(([name, value]) => `${JSON.stringify(name)}:${value}`)}}`
    })
}
