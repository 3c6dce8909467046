import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController } from 'fastify'
import type { TObject } from 'typebox'
import app from './app.ts'
import { type Options, resolveConfig } from './config.ts'
import { boundConnections } from './connections.ts'
import type { Mailer } from './core/mail.ts'
import type { ClaimsHook } from './core/public-user.ts'
import { sendProblem, toProblem } from './problem.ts'
import { createRefusalLog } from './refusal-log.ts'

/** What a host or a test may replace. */
export interface Wiring {
  /** Path under which all routes stand, such as `/auth`. */
  prefix?: string
  logger?: FastifyBaseLogger
  /** Milliseconds since 1970. */
  now?: () => number
  /** Brings mails on their way instead of SMTP_URL or the outbox folder; it gets them before they have words. */
  mailer?: Mailer
  /** `false` leaves the mails in the database to another process. Default: `true`. */
  sendsMail?: boolean
  /** The fields of users beside ours, instead of a file in AUTH_PROFILE_SCHEMA: a closed TypeBox object. */
  profile?: TObject
  /** Adds claims to the access tokens of users. Synchronous and without effects: it is asked for every token. */
  claims?: ClaimsHook
}

const KIB = 1024
const SECOND = 1000

/**
 * Builds the service without listening. Throws StartError when the settings do not fit; `ready()` rejects with one when
 * the store or the master secret cannot be opened.
 */
export function buildServer(options: Options = {}, wiring: Wiring = {}) {
  const { prefix = '', logger, now = Date.now, mailer, sendsMail = true, profile, claims } = wiring
  const config = resolveConfig(options)
  const server = Fastify({
    ...(logger ? { loggerInstance: logger } : { logger: { level: config.logLevel, redact: REDACTED } }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    bodyLimit: 64 * KIB,
    requestTimeout: 30 * SECOND,
    keepAliveTimeout: 72 * SECOND,
    // Nothing sent and nothing taken for so long: whoever does not read his answer does not keep it here.
    connectionTimeout: 60 * SECOND,
    http: { headersTimeout: 15 * SECOND, maxHeaderSize: 16 * KIB, connectionsCheckingInterval: 5 * SECOND },
    clientErrorHandler: (error, socket) => refuse(error, socket),
    frameworkErrors: (error, _request, reply) => sendProblem(toProblem(error), reply as FastifyReply),
    // A start may have to wait for the lock of a migration that another process runs.
    pluginTimeout: 60 * SECOND,
    forceCloseConnections: 'idle',
    // While it closes, requests that still come on open connections are answered like all others.
    return503OnClosing: false,
    trustProxy: config.authTrustProxy.length > 0 ? config.authTrustProxy : false,
    // A parameter may be as long as headers may: what is too long for an id is an id that nobody has.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 16 * KIB }
  })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(TypeBoxValidatorCompiler)
  const refuse = boundConnections(server.server, config.maxConnections, createRefusalLog(server.log, now))
  server.register(app, { config, at: prefix, now, mailer, sendsMail, profile, claims })
  return server as unknown as FastifyInstance
}

// Nothing of ours logs these; the list is for what a dependency or a debugging hand adds.
const REDACTED = ['authorization', 'cookie', 'set-cookie'].flatMap(name => [
  `req.headers["${name}"]`,
  `res.headers["${name}"]`,
  `headers["${name}"]`
])

/** Takes over the request id of a proxy when it is one, so that one id runs through all logs. */
function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomUUID()
}
