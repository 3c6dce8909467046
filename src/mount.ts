import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { resolveConfig } from './config.ts'
import { StoreStartError } from './db/database.ts'
import { StartError } from './errors.ts'
import type { Guard } from './guard.ts'
import type { Options } from './options.ts'
import { buildServer, type Wiring } from './server.ts'

/** What a host may say: all settings, and the path under which the service stands in it. */
export interface PosternOptions extends Options, Pick<Wiring, 'profile' | 'claims'> {
  /** Default: `/auth`. */
  prefix?: string
}

/**
 * Lets a host serve Postern below a prefix, and close it. The service stays an instance of its own: of the host it sees
 * raw requests only, and the host sees nothing of it. Gives the guards; rejects with StartError, and then leaves nothing open.
 */
export async function mount(host: FastifyInstance, given: PosternOptions): Promise<Guard> {
  const { prefix = '/auth', profile, claims, ...options } = given
  const at = host.prefix.replace(/\/$/, '') + demandPrefix(prefix)
  const publicUrl = options.publicUrl ?? guessUrl(host, options, at)
  const logger = options.logLevel ? host.log.child({}, { level: options.logLevel }) : host.log
  const service = buildServer({ ...options, publicUrl }, { prefix: at, logger, profile, claims })
  const onRequest = handOver(service)
  host.addHook('onClose', () => service.close())
  await load(service)
  for (const url of [prefix, `${prefix}/*`]) {
    const method = host.supportedMethods
    host.route({ url, method, onRequest, handler: () => {}, schema: { hide: true } })
  }
  return service.guard
}

/** A hook that gives requests away before the host reads a body, and in front of what its plugins add to the route. */
function handOver(service: FastifyInstance) {
  const ids = new WeakMap<object, string>()
  service.setGenReqId(raw => ids.get(raw) as string)
  return (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack()
    ids.set(request.raw, request.id)
    // What hooks of the host said so far, such as CORS headers, goes along; where both say something, the service does.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    service.routing(request.raw, reply.raw)
  }
}

/** Waits until a service can answer. Rejects with StartError, and then leaves nothing open. */
export async function load(service: FastifyInstance): Promise<void> {
  try {
    await service.ready()
  } catch (error) {
    await service.close()
    throw error instanceof StoreStartError ? new StartError(error.message, { cause: error }) : error
  }
}

function demandPrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && /^(\/[\w.~-]+)+$/.test(prefix)) return prefix
  throw new StartError(
    `Postern cannot start: its prefix ${JSON.stringify(prefix)} does not fit; give a path such as /auth`
  )
}

function guessUrl(host: FastifyInstance, options: Options, at: string): string {
  const publicUrl = resolveConfig(options).publicUrl + at
  host.log.warn(
    `publicUrl is not set, so tokens name ${publicUrl} as their issuer; set it to the URL at which clients reach ${at}`
  )
  return publicUrl
}
