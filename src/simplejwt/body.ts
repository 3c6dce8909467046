import { PosternError } from '../errors.ts'
import { SimpleJwtError } from './errors.ts'

/** What a request brought; of a form the values are texts and files. */
export type Body = unknown

/**
 * Reads JSON, an urlencoded form or a multipart form, as Django REST framework does: an empty body counts as one without
 * fields, whatever its type, and of a field that comes twice the last one counts. Throws a 400 and a 415.
 */
export async function readBody(contentType: string | undefined, body: Buffer): Promise<Body> {
  if (body.length === 0) return {}
  const { mediaType, charset } = parseType(contentType)
  if (mediaType === 'application/json') return parse('JSON', () => JSON.parse(decode(body, charset)))
  if (mediaType === 'application/x-www-form-urlencoded') return fields(new URLSearchParams(body.toString()))
  if (mediaType === 'multipart/form-data') {
    const headers = { 'content-type': contentType as string }
    return parse('Multipart form', async () => fields(await new Response(new Uint8Array(body), { headers }).formData()))
  }
  throw new PosternError('unsupported_media_type')
}

function parseType(contentType = ''): { mediaType: string; charset: string | undefined } {
  const [mediaType = '', ...parameters] = contentType.split(';').map(part => part.trim())
  const [, charset] = parameters.map(part => /^charset="?([^"]+)"?$/i.exec(part)).find(found => found) ?? []
  return { mediaType: mediaType.toLowerCase(), charset }
}

async function parse(kind: string, read: () => unknown): Promise<unknown> {
  try {
    return await read()
  } catch (cause) {
    // What a parser says would show a piece of the body, and that may be a password.
    throw new SimpleJwtError(400, { detail: `${kind} parse error - The body is not what its type says.` }, { cause })
  }
}

function decode(body: Buffer, charset: string | undefined): string {
  return decoder(charset).decode(body)
}

/** One that nobody knows counts as absent; a byte order mark is no JSON. */
function decoder(charset = 'utf-8'): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true })
  } catch {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  }
}

const fields = (pairs: Iterable<[string, unknown]>): Record<string, unknown> => Object.fromEntries(pairs)
