import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { preValidationHookHandler } from 'fastify'
import { Type } from 'typebox'
import { PosternError } from '../../../src/errors.ts'
import { problem, problems } from '../../../src/schemas/problem.ts'
import { changedFields, type ProfileFields } from '../../../src/schemas/profile.ts'
import { success } from '../../../src/schemas/success.ts'
import { setCookie } from '../../../src/schemas/tokens.ts'
import { userWith } from '../../../src/schemas/user.ts'

const refusals = ['not_authenticated', 'token_not_valid', 'unavailable'] as const
const ofBodies = ['payload_too_large', 'unsupported_media_type', 'rate_limited'] as const

const get = (profile: ProfileFields) => ({
  operationId: 'getMe',
  summary: 'See your account',
  description: 'The account as it is now, not as it was when the access token was issued.',
  tags: ['account'],
  response: { 200: success(userWith(profile), 'Your account'), ...problems(...refusals) }
})

const name = { username: Type.Optional(Type.String({ description: '1 to 150 letters, digits and . _ + -' })) }

const changes = (profile: ProfileFields) =>
  Type.Object({ ...changedFields(profile), ...name } as typeof name, {
    title: 'AccountChange',
    additionalProperties: false,
    minProperties: 1,
    examples: [{ username: 'ada.lovelace' }]
  })

const patch = (profile: ProfileFields) => ({
  operationId: 'changeMe',
  summary: 'Change your account',
  description:
    'Fields that are not sent stay as they are; null takes one away (JSON merge patch, RFC 7396). A new name is in access tokens from the next refresh on.',
  tags: ['account'],
  body: changes(profile),
  response: {
    200: success(userWith(profile), 'Your account after the change'),
    ...problems(
      problem('validation_failed', { errors: { body: ['Must not have fewer than 1 properties.'] } }),
      ...ofBodies,
      ...refusals,
      'csrf_failed'
    )
  }
})

const remove = {
  operationId: 'deleteMe',
  summary: 'Delete your account',
  description:
    'Your sessions end, and everything personal is removed at once, for good. Of the audit trail stays what happened to which id, without addresses. The password is needed; an account without one needs a login of the last five minutes instead.',
  tags: ['account'],
  body: Type.Object(
    { password: Type.Optional(Type.String({ format: 'password' })) },
    { title: 'AccountDeletion', additionalProperties: false, examples: [{ password: 'correct horse battery' }] }
  ),
  response: {
    204: Type.Null({ description: 'Deleted', headers: setCookie }),
    ...problems(
      problem('validation_failed', { errors: { password: ['This field is required.'] } }),
      problem('wrong_password', { errors: { password: ['The password is wrong.'] } }),
      problem('permission_denied', { detail: 'You are the only administrator.' }),
      'step_up_required',
      ...ofBodies,
      ...refusals,
      'csrf_failed',
      'overloaded'
    )
  }
}

const refuseEmail: preValidationHookHandler = async ({ body }) => {
  if (typeof body === 'object' && body !== null && Object.hasOwn(body, 'email'))
    throw new PosternError('validation_failed', { errors: { email: ['Change it at POST /api/change-email/.'] } })
}

export default (async app => {
  const { profiles } = app.core

  app.get('/me/', { schema: get(profiles) }, async request => app.core.users.profile(app.guard.claims(request).sub))
  app.patch(
    '/me/',
    { schema: patch(profiles), onRequest: app.limits.profile, preValidation: refuseEmail },
    async request => {
      const { sub: userId, sid: sessionId } = app.guard.claims(request)
      const { username, ...profile } = request.body
      return app.core.account.change({ username, profile }, { userId, sessionId, ip: request.ip })
    }
  )
  app.delete('/me/', { schema: remove, onRequest: app.limits.password }, async (request, reply) => {
    const { sub: userId, sid: sessionId } = app.guard.claims(request)
    const { password } = request.body
    await app.core.accountDeletion.remove({ ...request.origin, userId, sessionId, password })
    app.cookies.forget(request, reply)
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
