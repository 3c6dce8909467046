import type { IncomingMessage } from 'node:http'
import { PosternError } from './errors.ts'

const invalid = (detail: string) => new PosternError('validation_failed', { detail })

/**
 * Why a request is refused for its form alone; undefined when it is not. Of two such headers Node.js shows the first, and
 * a proxy in front may have judged the other (RFC 9110 section 5.3). Bodies are taken as they are: nothing here unpacks
 * them, so nothing small becomes large.
 */
export function formProblem({ rawHeaders, httpVersionMajor }: IncomingMessage): PosternError | undefined {
  if (httpVersionMajor < 1) return invalid('HTTP/0.9 is not spoken here.')
  let hosts = 0
  let credentials = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (name === 'host') hosts += 1
    else if (name === 'authorization') credentials += 1
    else if (name === 'content-encoding') {
      if (isOther(rawHeaders[at + 1], 'identity'))
        return new PosternError('unsupported_media_type', { detail: 'Send the body without Content-Encoding.' })
    } else if (name === 'transfer-encoding' && isOther(rawHeaders[at + 1], 'chunked'))
      return invalid('The only Transfer-Encoding that is read is chunked.')
  }
  if (hosts > 1) return invalid('There is more than one Host header.')
  return credentials > 1 ? new PosternError('token_not_valid') : undefined
}

const isOther = (value: string | undefined, expected: string): boolean => value?.trim().toLowerCase() !== expected
