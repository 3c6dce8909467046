import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { PosternError } from '../errors.ts'
import { sendProblem } from '../problem.ts'

/**
 * Answers other methods on the paths that an instance gets below `top` as Django REST framework does: OPTIONS describes
 * the path, all else is not allowed. To be called before the instance gets its routes.
 */
export function answerOtherMethods(app: FastifyInstance, top: string): void {
  const known = new Map<string, FastifySchema>()
  app.addHook('onRoute', ({ url, schema = {} }) => void known.set(url, schema))
  app.register(
    async below => below.setNotFoundHandler((request, reply) => answer(known.get(pathOf(request)), request, reply)),
    // What the instance stands under already is not said twice.
    { prefix: top.slice(app.prefix.length) }
  )
}

const pathOf = ({ url }: FastifyRequest): string => (url.split('?', 1)[0] as string).replace(/\/?$/, '/')

function answer(schema: FastifySchema | undefined, { method }: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!schema) return sendProblem(new PosternError('not_found'), reply.removeHeader('allow').removeHeader('vary'))
  if (method !== 'OPTIONS') return reply.code(405).send({ detail: `Method "${method}" not allowed.` })
  const { summary: name, description, consumes: parses } = schema
  return reply.send({ name, description, renders: ['application/json'], parses })
}
