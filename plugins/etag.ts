import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the client has the version of this ETag already (If-None-Match, RFC 9110 section 13.1.2): then 304. */
    hasVersion(etag: string): boolean
  }
}

function hasVersion(this: FastifyRequest, etag: string): boolean {
  const held = this.headers['if-none-match'] ?? ''
  if (held.trim() === '*') return true
  // The comparison is the weak one: a cache on the way may have put W/ in front.
  return [...held.matchAll(TAGS)].some(([tag]) => tag === etag.replace(/^W\//, ''))
}

/** What stands between the quotes may hold commas. */
const TAGS = /"[^"]*"/g

/** Conditional requests. */
export default fp(
  async server => {
    server.decorateRequest('hasVersion', hasVersion)
  },
  { name: 'etag' }
)
