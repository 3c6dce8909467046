import { OAuthError } from '../core/oauth-error.ts'
import type { Form } from './form.ts'

/** What a client says to be believed. */
export interface Credentials {
  id: string
  secret: string
}

/**
 * The credentials of a request: client_secret_basic or client_secret_post (RFC 6749 section 2.3.1). Throws
 * `invalid_client` when there are none or they cannot be read, and `invalid_request` when there is more than one kind.
 */
export function readCredentials(authorization: string | undefined, form: Form): Credentials {
  const { client_id: id, client_secret: secret } = form
  if (!authorization) return id !== undefined && secret !== undefined ? { id, secret } : refuse()
  if (secret !== undefined)
    throw new OAuthError('invalid_request', { description: 'Authenticate in one way, not in two.' })
  const found = basic(authorization)
  if (id !== undefined && id !== found.id)
    throw new OAuthError('invalid_request', { description: 'There are two different values of client_id.' })
  return found
}

function basic(authorization: string): Credentials {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? []
  const pair = Buffer.from(encoded, 'base64').toString()
  const colon = pair.indexOf(':')
  if (colon < 1) return refuse()
  return { id: formDecode(pair.slice(0, colon)), secret: formDecode(pair.slice(colon + 1)) }
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return refuse()
  }
}

function refuse(): never {
  throw new OAuthError('invalid_client')
}
