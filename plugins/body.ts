import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { PosternError } from '../src/errors.ts'

/**
 * Only application/json is read; Fastify would take text/plain too, which a foreign page can send without asking. JSON
 * is UTF-8 (RFC 8259 section 8.1): read leniently, passwords that differ only in bytes that are not would be equal.
 */
export default fp(
  async server => {
    const parse = server.getDefaultJsonParser('error', 'error')
    server.removeAllContentTypeParsers()
    server.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
      // Many clients name a type with every request, also where there is nothing to send.
      if (body.length === 0 && mayBeAbsent(request.routeOptions)) done(null)
      else if (isUtf8(body)) parse(request, body.toString(), done)
      else done(new PosternError('validation_failed', { detail: 'The body is not UTF-8.' }))
    })
  },
  { name: 'body' }
)

/** Where there is no body to describe, or one that may be left out. */
const mayBeAbsent = ({ schema }: FastifyRequest['routeOptions']) =>
  schema?.body === undefined || Object.hasOwn(schema.body as object, 'x-optional')
