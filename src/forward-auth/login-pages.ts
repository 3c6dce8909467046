import type { IncomingHttpHeaders } from 'node:http'
import { PosternError } from '../errors.ts'
import { originalUrl } from './original-url.ts'
import { createPeers } from './peers.ts'

interface Settings {
  authLoginUrls: readonly string[]
  authTrustProxy: readonly string[]
}

interface Asking {
  headers: IncomingHttpHeaders
  socket: { remoteAddress?: string | undefined }
}

/** Where people without a valid token may be sent. */
export type LoginPages = ReturnType<typeof createLoginPages>

/** Makes them of the settings. */
export function createLoginPages({ authLoginUrls, authTrustProxy }: Settings) {
  const isProxy = createPeers(authTrustProxy)

  return {
    /** Refuses what is not, letter for letter, in AUTH_LOGIN_URLS: an open redirect otherwise. Throws `validation_failed`. */
    demandListed(url: string | undefined): void {
      if (url === undefined || authLoginUrls.includes(url)) return
      throw new PosternError('validation_failed', { errors: { login_url: ['Must be one of AUTH_LOGIN_URLS.'] } })
    },

    /** The login page, told as `return_to` what the proxy was asked for, if it is a proxy of ours that says so. */
    withReturn(url: string, { headers, socket }: Asking): string {
      const original = isProxy(socket.remoteAddress) ? originalUrl(headers) : undefined
      if (!original) return url
      return `${url}${url.includes('?') ? '&' : '?'}return_to=${encodeURIComponent(original)}`
    }
  }
}
