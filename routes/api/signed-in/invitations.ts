import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { bodyProblems, problems } from '../../../src/schemas/problem.ts'
import { success } from '../../../src/schemas/success.ts'

const fields = {
  email: Type.String({ description: 'Where the invitation goes' }),
  roles: Type.Array(Type.String(), { description: 'What the account will be allowed to do' })
}
const example = { email: 'grace@example.com', roles: ['editor'] }
const time = (description: string) => Type.String({ format: 'date-time', description })

const PendingInvitation = Type.Object(
  { ...fields, created_at: time('UTC'), expires_at: time('UTC') },
  {
    title: 'PendingInvitation',
    description: 'An invitation that nobody has accepted yet',
    examples: [{ ...example, created_at: '2026-01-31T12:00:00.000Z', expires_at: '2026-02-07T12:00:00.000Z' }]
  }
)

const inviteBody = Type.Object(
  { email: fields.email, roles: Type.Optional(fields.roles) },
  { title: 'Invitation', additionalProperties: false, examples: [example] }
)
const withdrawBody = Type.Object(
  { email: fields.email },
  { title: 'InvitationAddress', additionalProperties: false, examples: [{ email: example.email }] }
)

const refusals = ['not_authenticated', 'token_not_valid', 'permission_denied'] as const

const list = {
  operationId: 'listInvitations',
  summary: 'List the invitations that wait',
  description: 'Oldest first, 1,000 at most. For administrators.',
  tags: ['account'],
  response: {
    200: success(Type.Object({ invitations: Type.Array(PendingInvitation) }), 'The invitations'),
    ...problems(...refusals, 'unavailable')
  }
}

const invite = {
  operationId: 'invite',
  summary: 'Invite somebody by mail',
  description:
    'The mail holds a link to make an account with, good for seven days; an earlier one to the same address is void. For administrators.',
  tags: ['account'],
  body: inviteBody,
  response: {
    202: success(
      Type.Object({ detail: Type.String() }, { examples: [{ detail: 'The invitation is on its way.' }] }),
      'Invited'
    ),
    ...problems(...bodyProblems(inviteBody), ...refusals, 'csrf_failed')
  }
}

const withdraw = {
  operationId: 'withdrawInvitation',
  summary: 'Take an invitation back',
  description: 'Its link is void from now on. For administrators.',
  tags: ['account'],
  body: withdrawBody,
  response: {
    204: Type.Null({ description: 'Taken back' }),
    ...problems(...bodyProblems(withdrawBody), ...refusals, 'csrf_failed', 'not_found')
  }
}

export default (async app => {
  const admin = (request: FastifyRequest) => {
    const { sub: userId, sid: sessionId } = app.guard.claims(request)
    return app.core.administration.demand({ userId, sessionId, ip: request.ip })
  }

  app.get('/invitations/', { schema: list }, async request => {
    await admin(request)
    return { invitations: await app.core.invitations.list() }
  })
  app.post('/invitations/', { schema: invite }, async (request, reply) => {
    const { email, roles = [] } = request.body
    await app.core.invitations.invite({ email, roles }, await admin(request), request.origin)
    return reply.code(202).send({ detail: 'The invitation is on its way.' })
  })
  app.delete('/invitations/', { schema: withdraw }, async (request, reply) => {
    await app.core.invitations.withdraw(request.body.email, await admin(request), request.origin)
    return reply.code(204).send(null)
  })
}) satisfies FastifyPluginAsyncTypebox
