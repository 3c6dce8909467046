import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { problems } from '../../../src/schemas/problem.ts'
import { User } from '../../../src/schemas/user.ts'

const schema = {
  summary: 'See who is logged in',
  description: 'A route that only a valid, unrevoked access token opens.',
  tags: ['account'],
  response: {
    200: Type.Object(
      { message: Type.String({ examples: ['Hello, ada.'] }), user: User },
      { description: 'The caller' }
    ),
    ...problems('notAuthenticated', 'tokenNotValid', 'unavailable')
  }
}

export default (async app => {
  app.get('/protected/', { schema }, async request => {
    const user = await app.core.users.get(app.guard.claims(request).sub)
    return { message: `Hello, ${user.username}.`, user: app.core.users.describe(user) }
  })
}) satisfies FastifyPluginAsyncTypebox
