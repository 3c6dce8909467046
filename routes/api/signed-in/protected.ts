import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problems } from '../../../src/schemas/problem.ts'
import type { ProfileFields } from '../../../src/schemas/profile.ts'
import { success } from '../../../src/schemas/success.ts'
import { userWith } from '../../../src/schemas/user.ts'

const schemaWith = (profile: ProfileFields) => ({
  operationId: 'protected',
  summary: 'See who is logged in',
  description: 'A route that only a valid, unrevoked access token opens.',
  tags: ['account'],
  response: {
    200: success(
      Type.Object({ message: Type.String({ examples: ['Hello, ada.'] }), user: userWith(profile) }),
      'The caller'
    ),
    ...problems('not_authenticated', 'token_not_valid', 'unavailable')
  }
})

export default (async app => {
  app.get('/protected/', { schema: schemaWith(app.core.profiles) }, async request => {
    const user = await app.core.users.profile(app.guard.claims(request).sub)
    return { message: `Hello, ${user.username}.`, user }
  })
}) satisfies FastifyPluginAsyncTypebox
