import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problems } from '../../../src/schemas/problem.ts'
import { success } from '../../../src/schemas/success.ts'
import { setCookie } from '../../../src/schemas/tokens.ts'

const nullableText = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })
const time = (description: string) => Type.String({ format: 'date-time', description })

const Session = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'UUIDv7; the `sid` of its access tokens' }),
    user_agent: nullableText('What the client called itself at the login'),
    ip: nullableText('Address that the login came from'),
    amr: Type.Array(Type.String(), { description: 'How the user was authenticated (RFC 8176)' }),
    created_at: time('When the user logged in, UTC'),
    last_used_at: time('The last login or refresh, UTC'),
    expires_at: time('When it ends unless it is refreshed before, UTC'),
    current: Type.Boolean({ description: 'Whether it is the session of the access token that asked' })
  },
  {
    title: 'Session',
    description: 'A login that goes on; nothing in it opens anything',
    examples: [
      {
        id: '019c1404-1df8-7a41-8f02-9d1f0a3c5b77',
        user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        ip: '203.0.113.7',
        amr: ['pwd'],
        created_at: '2026-01-31T12:00:05.000Z',
        last_used_at: '2026-01-31T12:04:41.000Z',
        expires_at: '2026-02-01T12:04:41.000Z',
        current: true
      }
    ]
  }
)

const refusals = ['not_authenticated', 'token_not_valid', 'unavailable'] as const

const list = {
  operationId: 'listSessions',
  summary: 'List your sessions',
  description:
    'The sessions that go on: not ended, and no time-out over. Newest use first, 100 at most, and never a token.',
  tags: ['session'],
  response: {
    200: success(Type.Object({ sessions: Type.Array(Session) }), 'Your sessions'),
    ...problems(...refusals)
  }
}

const endOne = {
  operationId: 'endSession',
  summary: 'End one of your sessions',
  description:
    'Its refresh token and all its access tokens are refused from now on. It may be this session. The answer is the same for a session that never was, that has ended and that belongs to somebody else.',
  tags: ['session'],
  params: Type.Object({ id: Type.String({ description: 'The `id` of a session in the list' }) }),
  response: {
    204: Type.Null({ description: 'Ended', headers: setCookie }),
    ...problems(...refusals, 'csrf_failed', 'not_found')
  }
}

const endOthers = {
  operationId: 'endOtherSessions',
  summary: 'End all your other sessions',
  description: 'Their refresh tokens and access tokens are refused from now on; this session goes on.',
  tags: ['session'],
  response: { 204: Type.Null({ description: 'Ended, or there was no other' }), ...problems(...refusals, 'csrf_failed') }
}

export default (async app => {
  app.get('/sessions/', { schema: list }, async request => {
    const { sub, sid } = app.guard.claims(request)
    return { sessions: await app.core.sessionControl.list(sub, sid) }
  })
  app.delete('/sessions/:id', { schema: endOne }, async (request, reply) => {
    const { sub: userId, sid: sessionId } = app.guard.claims(request)
    await app.core.sessionControl.end(request.params.id, { userId, sessionId, ip: request.ip })
    if (request.params.id === sessionId) app.cookies.forget(request, reply)
    return reply.code(204).send(null)
  })
  app.delete('/sessions/', { schema: endOthers }, async (request, reply) => {
    const { sub: userId, sid: sessionId } = app.guard.claims(request)
    await app.core.sessionControl.endOthers({ userId, sessionId, ip: request.ip })
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
