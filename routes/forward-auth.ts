import { METHODS } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { PosternError } from '../src/errors.ts'
import { problem, problems } from '../src/schemas/problem.ts'
import { success } from '../src/schemas/success.ts'

const Role = Type.String({ minLength: 1 })

// A misspelt `?role=` must not open a door, so nothing else is let through.
const querystring = Type.Object(
  {
    role: Type.Optional(
      Type.Union([Role, Type.Array(Role)], { description: 'A role; several times: any one of them is enough' })
    ),
    login_url: Type.Optional(
      Type.String({ description: 'One of AUTH_LOGIN_URLS: instead of 401 there is a redirect to it' })
    )
  },
  { additionalProperties: false }
)

const text = (description: string) => Type.String({ description })

const schema = {
  operationId: 'forwardAuth',
  summary: 'Whether a proxy may let a request through',
  description:
    'For `auth_request` of nginx, `forward_auth` of Caddy and their like; any method, and a body is not read. The answer names the user in headers: all of them are always there, and what is not printable ASCII in them is percent-encoded. Changes nothing. The token of a machine is refused. The access cookie counts where there is no Authorization header.',
  tags: ['proxies'],
  querystring,
  response: {
    200: success(Type.Object({}, { examples: [{}] }), 'The request may pass', {
      'Remote-User': text('The username'),
      'Remote-Email': text('The e-mail address, verified or not; empty when there is none'),
      'Remote-Groups': text('The roles with commas between; empty when there are none'),
      'X-Auth-User-Id': text('The id of the user, which never changes'),
      'X-Auth-Session-Id': text('The id of the session')
    }),
    302: Type.Null({
      description: 'Only with `login_url`: nobody is logged in',
      headers: { Location: text('The login page, with the URL that was asked for as `return_to`') }
    }),
    ...problems(
      problem('validation_failed', { errors: { login_url: ['Must be one of AUTH_LOGIN_URLS.'] } }),
      'not_authenticated',
      'token_not_valid',
      'permission_denied',
      'csrf_failed',
      'unavailable'
    )
  }
}

// Proxies take any 2xx for a yes: the answer to a preflight must not be one.
const config = { cors: false } as const

const OTHERS = METHODS.filter(method => !['GET', 'HEAD', 'CONNECT'].includes(method))

interface Wanted {
  role?: string | string[]
  login_url?: string
}

export default (async app => {
  const { guard, forwardAuth } = app
  for (const method of OTHERS.filter(method => !app.supportedMethods.includes(method))) app.addHttpMethod(method)

  // The body, if there is one, belongs to the request that the proxy asks about: whatever it is, nobody reads it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(UNREAD, (_request, _payload, done) => done(null))
  app.addHook('onRequest', async request => {
    request.headers['content-type'] = UNREAD
  })

  async function answer(request: FastifyRequest, reply: FastifyReply, { role = [], login_url: page }: Wanted) {
    forwardAuth.loginPages.demandListed(page)
    const asked = forwardAuth.original(request)
    try {
      await guard.requireUser(asked, reply)
    } catch (error) {
      if (page === undefined || !(error instanceof PosternError) || error.statusCode !== 401) throw error
      reply.removeHeader('www-authenticate')
      return reply.redirect(forwardAuth.loginPages.withReturn(page, request))
    }
    const claims = guard.claims(asked)
    const accepted = [role].flat()
    if (accepted.length > 0 && !accepted.some(one => claims.roles.includes(one)))
      throw new PosternError('permission_denied')
    reply.headers(forwardAuth.identityHeaders(claims))
    return {}
  }

  const url = '/forward-auth'
  const hidden = { ...schema, hide: true }
  app.get(url, { schema, config }, (request, reply) => answer(request, reply, request.query))
  app.route({
    url,
    method: OTHERS,
    schema: hidden,
    config,
    handler: (request, reply) => answer(request, reply, request.query)
  })
  // Envoy puts the path and the query of the client behind its prefix; what stands in them is not ours to obey.
  const appended = { ...hidden, querystring: Type.Object({}) }
  for (const path of [`${url}/for`, `${url}/for/*`])
    app.route({
      url: path,
      method: ['GET', 'HEAD', ...OTHERS],
      schema: appended,
      config,
      handler: (request, reply) => answer(request, reply, {})
    })
}) satisfies FastifyPluginAsyncTypebox

const UNREAD = 'application/octet-stream'
