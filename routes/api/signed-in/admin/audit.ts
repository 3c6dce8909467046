import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problem, problems } from '../../../../src/schemas/problem.ts'
import { success } from '../../../../src/schemas/success.ts'

const nullableText = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

const AuditEvent = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'UUIDv7; grows with time' }),
    at: Type.String({ format: 'date-time', description: 'UTC' }),
    event: Type.String({ description: 'What happened' }),
    user_id: nullableText('Whom it is about; null where nobody is known, or the system itself acted'),
    session_id: nullableText('In which session, or which one ended'),
    ip: nullableText('Where the request came from; null after the user was deleted, and of what no request did'),
    detail: Type.Record(Type.String(), Type.Unknown(), { description: 'Particulars; never a secret' })
  },
  {
    title: 'AuditEvent',
    description: 'Something that happened, as it was put on record with it',
    examples: [
      {
        id: '019c1404-1df8-7a41-8f02-9d1f0a3c5b77',
        at: '2026-01-31T12:00:05.000Z',
        event: 'authn_login_success',
        user_id: '019b0d2e-7c1a-7b3e-9a55-0c6f1f6d2a10',
        session_id: '019c1404-1df8-7b02-9cc1-3e5a4d2b7f10',
        ip: '203.0.113.7',
        detail: {}
      }
    ]
  }
)

const schema = (events: readonly string[]) => ({
  operationId: 'listAuditEvents',
  summary: 'Read the audit trail',
  description:
    'Newest first, 100 events a page at most. A page may be short or empty although there are more: go on until `next` is null. For administrators; each reading is put on record, too.',
  tags: ['operations'],
  querystring: Type.Object(
    {
      user: Type.Optional(Type.String({ format: 'uuid', description: 'Only events about the user with this id' })),
      event: Type.Optional(
        Type.Unsafe<string>({ type: 'string', enum: events, description: 'Only events of this name' })
      ),
      since: time('Only events since then'),
      until: time('Only events before then'),
      cursor: Type.Optional(Type.String({ format: 'uuid', description: 'The `next` of the page before' }))
    },
    { additionalProperties: false }
  ),
  response: {
    200: success(
      Type.Object({
        events: Type.Array(AuditEvent),
        next: nullableText('Cursor of the page behind; null on the last')
      }),
      'One page of events'
    ),
    ...problems(
      problem('validation_failed', { errors: { since: ['Must match format "date-time".'] } }),
      'not_authenticated',
      'token_not_valid',
      'permission_denied',
      'unavailable'
    )
  }
})

const milliseconds = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time))

export default (async app => {
  app.get('/audit/', { schema: schema(app.core.auditTrail.events) }, async request => {
    const { sub: userId, sid: sessionId } = app.guard.claims(request)
    const caller = { userId, sessionId, ip: request.ip }
    await app.core.administration.demand(caller)
    const { user, event, since, until, cursor } = request.query
    const filter = { userId: user, event, since: milliseconds(since), until: milliseconds(until) }
    return app.core.auditTrail.read(filter, cursor, caller)
  })
}) satisfies FastifyPluginAsyncTypebox
