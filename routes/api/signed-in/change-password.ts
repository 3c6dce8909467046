import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../../src/schemas/problem.ts'

const schema = {
  summary: 'Change the own password',
  description: 'Every other session of the user ends; this one goes on.',
  tags: ['account'],
  body: Type.Object(
    {
      old_password: Type.String({ format: 'password' }),
      new_password: Type.String({ description: '8 to 256 characters (AUTH_PASSWORD_MIN)', format: 'password' })
    },
    {
      additionalProperties: false,
      examples: [{ old_password: 'correct horse battery', new_password: 'a longer one this time' }]
    }
  ),
  response: {
    200: Type.Object({ detail: Type.String({ examples: ['Password changed.'] }) }, { description: 'Changed' }),
    ...problems(...bodyProblems, 'wrongPassword', 'notAuthenticated', 'tokenNotValid', 'rateLimited', 'overloaded')
  }
}

const config = { rateLimit: { max: 10, timeWindow: '1 minute' } }

export default (async app => {
  app.post('/change-password/', { schema, config }, async request => {
    const { sub, sid } = app.guard.claims(request)
    const { old_password: oldPassword, new_password: newPassword } = request.body
    await app.core.passwordChange.change({ userId: sub, sessionId: sid, oldPassword, newPassword, ip: request.ip })
    return { detail: 'Password changed.' }
  })
}) satisfies FastifyPluginAsyncTypebox
