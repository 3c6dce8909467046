import type { LightMyRequestResponse } from 'fastify'
import { Check } from 'typebox/schema'
import {
  type Answer,
  type Document,
  isForClients,
  isForDjango,
  type Operation,
  PROBLEM,
  resolved,
  type Schema
} from '../document.ts'

const HEADERS = {
  'content-security-policy': /^default-src 'none'/,
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'x-frame-options': /^DENY$/,
  'cache-control': /^(no-store|public, max-age=\d+)$/,
  'x-request-id': /^[\w-]{8,64}$/
}

/** What is inside, and must not show. */
const INNER = /node_modules|\.ts:\d|SQLITE_|better-sqlite|Failed query|drizzle|argon2id\$|at \w+ \(/

/** What an operation can answer beside what it names, as the document says in its description. */
function general({ components }: Document, { requestBody }: Operation): Record<string, Answer> {
  const problem = { description: '', content: { [PROBLEM]: { schema: components.schemas.Problem as Schema } } }
  return { 404: problem, ...(!requestBody && { 400: problem, 413: problem, 415: problem }) }
}

/** Everything in which an answer is not what the document says, or not safe; empty when nothing is. */
export function faults(
  document: Document,
  operation: Operation,
  answer: LightMyRequestResponse,
  head = false
): string[] {
  const { statusCode: status, headers, body } = answer
  const documented = operation.responses[status] ?? general(document, operation)[status]
  const found: string[] = []
  const demand = (fits: boolean, fault: string) => void (fits || found.push(fault))
  demand(status < 500 || status === 503, `a ${status}`)
  demand(documented !== undefined, `no such status is documented: ${status}`)
  for (const [name, expected] of Object.entries(HEADERS))
    demand(expected.test(`${headers[name]}`), `its ${name}: ${headers[name]}`)
  // Cookies come only where they are asked for.
  for (const name of Object.keys(documented?.headers ?? {}).filter(one => one !== 'Set-Cookie'))
    demand(name.toLowerCase() in headers, `it has no ${name}`)
  demand((status === 401) === 'www-authenticate' in headers || status === 403, 'its WWW-Authenticate')
  demand(!INNER.test(body), 'it shows what is inside')
  if (head) demand(body === '', 'a HEAD has a body')
  else if (!documented?.content) demand(body === '', 'a body where none is documented')
  else found.push(...bodyFaults(document, operation, documented, answer))
  return found
}

function bodyFaults(
  document: Document,
  operation: Operation,
  { content = {} }: Answer,
  { statusCode, headers, body }: LightMyRequestResponse
): string[] {
  const type = `${headers['content-type']}`
  const [mediaType = ''] = type.split(';')
  const media = content[type] ?? content[mediaType]
  if (!media) return [`its type: ${type}`]
  if (!mediaType.endsWith('json')) return []
  const value = parse(body)
  if (value === undefined) return ['its body is no JSON']
  if (!Check(resolved(document, media.schema), value))
    return [`its body is not what is documented: ${body.slice(0, 200)}`]
  if (statusCode < 400) return []
  const isOurs = mediaType === PROBLEM
  if (isOurs === (isForClients(operation) || isForDjango(operation)) && statusCode !== 404)
    return ['an error in a language that is not spoken here']
  const { status = statusCode } = value as { status?: number }
  return status === statusCode ? [] : [`it names another status: ${status}`]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
