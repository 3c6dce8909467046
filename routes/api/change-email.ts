import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { proofBody, proofProblems } from '../../src/schemas/mailed.ts'
import { problems } from '../../src/schemas/problem.ts'
import { success } from '../../src/schemas/success.ts'

const body = proofBody('EmailChangeConfirmation', {}, {})

const schema = {
  operationId: 'confirmEmailChange',
  summary: 'Confirm a new e-mail address',
  description:
    'The new address takes the place of the old one, which is told. Good for one use within 24 hours; every other mailed link is void.',
  tags: ['account'],
  security: [],
  body,
  response: {
    200: success(Type.Object({ detail: Type.String() }, { examples: [{ detail: 'Address changed.' }] }), 'Changed'),
    ...problems(...proofProblems)
  }
}

export default (async app => {
  app.post('/change-email/confirm/', { schema, onRequest: app.limits.link }, async request => {
    const { body, origin } = request
    await app.mailLimits.codes(request, () => app.core.emailChange.confirm(body, origin))
    return { detail: 'Address changed.' }
  })
}) satisfies FastifyPluginAsyncTypebox
