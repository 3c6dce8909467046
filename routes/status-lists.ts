import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { PosternError } from '../src/errors.ts'
import { problems } from '../src/schemas/problem.ts'
import { success } from '../src/schemas/success.ts'

const MEDIA_TYPE = 'application/statuslist+jwt'

const cached = {
  'Cache-Control': Type.String({ description: 'How long a copy is good (AUTH_STATUS_LIST_TTL)' }),
  ETag: Type.String({ description: 'Names this version of the list' })
}

const Aggregation = Type.Object(
  { status_lists: Type.Array(Type.String(), { description: 'Where the lists are' }) },
  {
    title: 'StatusListAggregation',
    description: 'Addresses of status lists (draft-ietf-oauth-status-list, section 9.3)',
    examples: [{ status_lists: ['https://auth.example.com/status-lists/0'] }]
  }
)

const aggregationSchema = {
  operationId: 'statusLists',
  summary: 'Where the status lists are',
  description: 'All lists that access tokens name, for verifiers that fetch them ahead.',
  tags: ['standards'],
  security: [],
  response: { 200: success(Aggregation, 'The lists'), ...problems('unavailable') }
}

const schema = {
  operationId: 'statusList',
  summary: 'Which access tokens are refused',
  description:
    'A Token Status List (draft-ietf-oauth-status-list): a signed JWT with one bit for each index that access tokens name in `status`, 1 for those that are refused. A verifier that keeps it for its `ttl` needs no call per request.',
  tags: ['standards'],
  security: [],
  params: Type.Object({ n: Type.String({ description: 'The number of the list, from 0' }) }),
  headers: Type.Object({
    'if-none-match': Type.Optional(
      Type.String({ description: 'The ETags of copies, or `*`: 304 when one is still right' })
    )
  }),
  response: {
    200: {
      description: 'The list, signed with a key of the JWK set',
      headers: cached,
      content: { [MEDIA_TYPE]: { schema: Type.String({ description: 'A JWT of type `statuslist+jwt`' }) } }
    },
    304: Type.Null({ description: 'The copy is still right', headers: cached }),
    ...problems('not_found', 'unavailable')
  }
}

export default (async app => {
  app.get('/status-lists/', { schema: aggregationSchema }, async () => ({
    status_lists: await app.core.statusLists.uris()
  }))

  app.get('/status-lists/:n', { schema }, async (request, reply) => {
    const { n } = request.params
    if (!/^(0|[1-9]\d{0,8})$/.test(n)) throw new PosternError('not_found')
    const { jwt, etag } = await app.core.statusLists.get(Number(n))
    reply.header('cache-control', `public, max-age=${app.core.statusLists.ttl}`).header('etag', etag)
    if (request.hasVersion(etag)) return reply.code(304).send(null)
    return reply.type(MEDIA_TYPE).send(jwt)
  })
}) satisfies FastifyPluginAsyncTypebox
