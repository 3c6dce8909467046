import type { FastifyRequest } from 'fastify'
import { PosternError } from '../errors.ts'

/**
 * A hook that lets no page of somebody else send one of our forms. Throws `permission_denied`. A form of ours has the
 * Origin `null`, because its page sends no Referer (Fetch, section 3.2); so a browser that does not say Sec-Fetch-Site,
 * as over plain http, is refused only when it names another origin.
 */
export const ownSiteOnly = (publicUrl: string) => {
  const ours = new URL(publicUrl).origin
  return async ({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): Promise<void> => {
    if (method === 'GET' || method === 'HEAD') return
    const { origin = 'null', 'sec-fetch-site': site } = headers
    const isOurs = site === undefined ? origin === 'null' || origin === ours : site === 'same-origin' || site === 'none'
    if (!isOurs) throw new PosternError('permission_denied', { detail: 'This form was sent by another site.' })
  }
}
