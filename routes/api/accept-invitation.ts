import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { proofBody } from '../../src/schemas/mailed.ts'
import { bodyProblems, problems } from '../../src/schemas/problem.ts'
import { givenFields, type ProfileFields } from '../../src/schemas/profile.ts'
import { success } from '../../src/schemas/success.ts'
import { userWith } from '../../src/schemas/user.ts'

const account = {
  username: Type.String({ description: '1 to 150 letters, digits and . _ + -' }),
  password: Type.String({ description: '8 to 256 characters (AUTH_PASSWORD_MIN)', format: 'password' })
}

const bodyWith = (profile: ProfileFields) =>
  // Ours come last, and their types are the ones that are known here.
  proofBody('InvitationAcceptance', { ...givenFields(profile), ...account } as typeof account, {
    username: 'grace',
    password: 'correct horse battery'
  })

const schemaWith = (profile: ProfileFields, body = bodyWith(profile)) => ({
  operationId: 'acceptInvitation',
  summary: 'Create the account that you were invited to',
  description:
    'The address of the invitation is that of the account, and is proven; its roles are those of the invitation. What is refused does not use the invitation up.',
  tags: ['account'],
  security: [],
  body,
  response: {
    201: success(userWith(profile), 'The account was created'),
    ...problems(...bodyProblems(body), 'invalid_link', 'rate_limited', 'overloaded')
  }
})

export default (async app => {
  app.post(
    '/invitations/accept/',
    { schema: schemaWith(app.core.profiles), onRequest: app.limits.register },
    async (request, reply) => {
      const { token, email, code, username, password, ...profile } = request.body
      const { origin } = request
      const user = await app.mailLimits.codes(request, () =>
        app.core.invitations.accept({ token, email, code }, { username, password, profile }, origin)
      )
      return reply.code(201).send(app.core.users.describe(user))
    }
  )
}) satisfies FastifyPluginAsyncTypebox
