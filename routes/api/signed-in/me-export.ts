import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type TProperties, Type } from 'typebox'
import { problems } from '../../../src/schemas/problem.ts'
import { success } from '../../../src/schemas/success.ts'
import { User } from '../../../src/schemas/user.ts'

const text = Type.String()
const time = Type.String({ format: 'date-time' })
const nullable = (options: object = {}) => Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })
const list = (properties: TProperties, description: string) => Type.Array(Type.Object(properties), { description })

const Export = Type.Object(
  {
    exported_at: time,
    user: Type.Object(
      { ...User.properties, has_password: Type.Boolean(), legacy_id: nullable() },
      { description: 'The account, with every field of the profile that is stored' }
    ),
    sessions: list(
      {
        id: text,
        ip: nullable(),
        user_agent: nullable(),
        amr: Type.Array(text),
        authenticated_at: time,
        created_at: time,
        last_used_at: time,
        expires_at: time,
        ended_at: nullable({ format: 'date-time' }),
        end_reason: nullable()
      },
      'Sessions, also those that have ended and are not forgotten yet'
    ),
    known_devices: list({ seen_at: time }, 'Devices that logged in before; they are kept as pseudonyms'),
    mails: list(
      { kind: text, created_at: time, expires_at: time, failed_at: nullable({ format: 'date-time' }) },
      'Mails that wait to be sent, or could not be'
    ),
    one_time_tokens: list(
      { purpose: text, created_at: time, expires_at: time, used_at: nullable({ format: 'date-time' }) },
      'Mailed links and codes'
    ),
    events: list(
      {
        at: time,
        event: text,
        session_id: nullable(),
        ip: nullable(),
        detail: Type.Record(text, Type.Unknown())
      },
      'The audit trail of the account'
    ),
    cut: Type.Array(text, { description: 'Lists that hold more than the 10,000 newest entries, which are here' })
  },
  { title: 'Export', description: 'Everything that is stored about a user; nothing in it opens anything' }
)

const schema = {
  operationId: 'exportMe',
  summary: 'Export everything about you',
  description: 'One JSON document with everything that is stored about the account, and never a secret or a hash.',
  tags: ['account'],
  response: {
    200: success(Export, 'Everything', { 'Content-Disposition': Type.String({ description: 'A file to keep' }) }),
    ...problems('not_authenticated', 'token_not_valid', 'rate_limited', 'unavailable')
  }
}

export default (async app => {
  app.get('/me/export/', { schema, onRequest: app.limits.export }, async (request, reply) => {
    reply.header('content-disposition', 'attachment; filename="account.json"')
    return app.core.accountExport.of(app.guard.claims(request).sub)
  })
}) satisfies FastifyPluginAsyncTypebox
