import * as fc from 'fast-check'
import { type Document, isForClients, type Operation, resolved } from '../document.ts'
import { known, ODD_TEXTS, objectFor, textFor, texts, type ValueSchema, wild } from './values.ts'

/** A request with what stands for values of the running service. */
export interface Draft {
  method: Operation['method'] | 'HEAD'
  url: string
  headers: Record<string, string>
  payload?: string | Buffer
}

type Body = Pick<Draft, 'payload'> & { type: string }

/** Anything that may stand in a header: what Node.js refuses to send never arrives either. */
const headerText = (text: string) => text.replace(/[^\t\x20-\x7e\xa0-\xff]/g, '').slice(0, 2000)
const odd = fc.oneof(texts, fc.constantFrom(...ODD_TEXTS)).map(headerText)

const URLENCODED = 'application/x-www-form-urlencoded'
const ODD_TYPES = [
  ...['', 'text/plain', 'application/json;charset=utf-7', 'application/json; charset="utf-8', 'application/json\t;'],
  ...['multipart/form-data', 'application/x-www-form-urlencoded;charset=utf-16', 'a/b;c=d', 'json', '*/*', '/', ';']
]

/** Requests to an operation of the document: good ones, and ones that are wrong in one place or several. */
export function requestsTo(document: Document, operation: Operation): fc.Arbitrary<Draft> {
  const { path, method, parameters = [], requestBody } = operation
  const named = (place: string) =>
    parameters
      .filter(one => one.in === place)
      .map(({ name, schema }): [string, ValueSchema] => [name, resolved(document, schema)])
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) =>
    bodiesOf(type, resolved(document, schema))
  )
  const body = fc.oneof(
    { weight: 9, arbitrary: bodies.length > 0 ? fc.oneof(...bodies) : nothing },
    { weight: 1, arbitrary: oddBody }
  )
  const methods =
    method === 'GET' ? fc.constantFrom('GET' as const, 'GET' as const, 'HEAD' as const) : fc.constant(method)

  return fc
    .tuple(methods, pathTo(path, named('path')), queries(named('query')), headers(operation, named('header')), body)
    .map(([method, url, query, found, { type, payload }]) => ({
      method,
      url: url + query,
      headers: { ...found, ...(type && { 'content-type': type }) },
      ...(payload !== undefined && method !== 'HEAD' && { payload })
    }))
}

const segment = (text: string) => encodeURIComponent(text.toWellFormed()).replaceAll('.', '%2E')

function pathTo(path: string, parameters: Array<[string, ValueSchema]>): fc.Arbitrary<string> {
  const values = fc.tuple(
    ...parameters.map(([name, schema]) => textFor(schema, name).map(text => [name, text || '-'] as const))
  )
  return fc.tuple(values, fc.boolean()).map(([given, slash]) => {
    const whole = given.reduce((url, [name, text]) => url.replace(`{${name}}`, segment(text.slice(0, 1500))), path)
    return slash ? whole : whole.replace(/\/$/, '')
  })
}

function queries(parameters: Array<[string, ValueSchema]>): fc.Arbitrary<string> {
  const own = parameters.map(([name, schema]) => textFor(schema, name).map(text => `${name}=${segment(text)}`))
  const foreign = fc.constantFrom(
    'token=x',
    `access_token=${known('access')}`,
    '__proto__=1',
    'a[b]=c',
    '%zz',
    '%',
    '&&=',
    '?'
  )
  const pieces = fc.array(fc.oneof(...own, ...own, foreign), { minLength: 1, maxLength: 2 })
  const some = pieces.map(all => `?${all.join('&')}`)
  const [without, within] = own.length > 0 ? [1, 4] : [6, 1]
  return fc.oneof({ weight: without, arbitrary: fc.constant('') }, { weight: within, arbitrary: some })
}

function headers(operation: Operation, own: Array<[string, ValueSchema]>): fc.Arbitrary<Record<string, string>> {
  const right = isForClients(operation) ? `Basic ${known('basic')}` : `Bearer ${known('access')}`
  const wrong = [
    '',
    'Bearer',
    'Bearer x',
    `bearer ${known('refresh')}`,
    `Bearer ${known('machine')}`,
    'Basic OmE=',
    'Basic x'
  ]
  const authorization = fc.oneof(
    { weight: 8, arbitrary: fc.constant(right) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.constantFrom(...wrong),
        odd.map(text => `Bearer ${text}`)
      )
    }
  )
  const about = (names: string[]) => fc.dictionary(fc.constantFrom(...names), odd, { maxKeys: 2 })
  const usual = about([
    'accept',
    'accept-language',
    'user-agent',
    'x-request-id',
    'x-forwarded-for',
    'x-original-url',
    'x-http-method-override'
  ])
  const declared = fc.tuple(
    ...own.map(([name, schema]) => textFor(schema, name).map(text => [name, headerText(text)] as const))
  )
  return fc.tuple(authorization, usual, declared).map(([authorization, some, own]) => ({
    ...some,
    ...Object.fromEntries(own),
    ...(authorization && { authorization })
  }))
}

const nothing = fc.constant<Body>({ type: '' })

function bodiesOf(type: string, schema: ValueSchema): fc.Arbitrary<Body> {
  if (type === 'application/json')
    return fc
      .oneof({ weight: 9, arbitrary: objectFor(schema) }, { weight: 1, arbitrary: wild })
      .map(payload => ({ type, payload }))
  const field = ([name, schema]: [string, ValueSchema]) =>
    fc.option(fc.tuple(fc.constant(name), textFor(schema, name)), { freq: 12 })
  const pairs = fc
    .tuple(
      fc.tuple(...Object.entries(schema.properties ?? {}).map(field)),
      fc.array(fc.tuple(texts, texts), { maxLength: 1 })
    )
    .map(([own, more]) => [...own.filter(one => one !== null), ...more])
  return pairs.map(given => (type === URLENCODED ? urlencoded(given) : multipart(given)))
}

const urlencoded = (pairs: Array<[string, string]>): Body => ({
  type: URLENCODED,
  payload: `${new URLSearchParams(pairs)}`
})

function multipart(pairs: Array<[string, string]>): Body {
  const parts = pairs.map(
    ([name, text]) =>
      `--XX\r\ncontent-disposition: form-data; name="${headerText(name).replaceAll('"', '')}"\r\n\r\n${text}\r\n`
  )
  return { type: 'multipart/form-data; boundary=XX', payload: `${parts.join('')}--XX--\r\n` }
}

const BROKEN = [
  '',
  '{',
  '{"a":1,}',
  '{"a":NaN}',
  '/**/{}',
  '\ufeff{}',
  'a=%zz&a=1',
  '--XX',
  '--XX\r\n\r\n--XX--',
  '{}{}',
  '\0'
]

const oddBody: fc.Arbitrary<Body> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('application/json', URLENCODED, 'multipart/form-data; boundary=XX'),
      fc.constantFrom(...ODD_TYPES)
    ),
    fc.oneof(
      fc.constantFrom<string | Buffer>(
        ...BROKEN,
        'x'.repeat(70_000),
        `[${'1,'.repeat(40_000)}1]`,
        Buffer.from('{"username":"\xe4"}', 'latin1')
      ),
      fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
      wild
    )
  )
  .map(([type, payload]) => ({ type, payload }))
