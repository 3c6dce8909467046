import { join } from 'node:path'
import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { TObject } from 'typebox'
import type { Config } from './config.ts'
import type { Mailer } from './core/mail.ts'
import type { ClaimsHook } from './core/public-user.ts'

/** What every plugin gets. */
export interface AppOptions {
  config: Config
  /** Path under which everything stands. Not called prefix: Fastify would apply it to each plugin again. */
  at: string
  now: () => number
  mailer: Mailer | undefined
  sendsMail: boolean
  profile: TObject | undefined
  claims: ClaimsHook | undefined
}

const folder = (name: string) => join(import.meta.dirname, '..', name)

/** A folder whose name gives no path: it stands for a guard. */
const prefixOf = (_parent: string, name: string) => (name === 'signed-in' ? '' : name)

async function app(server: FastifyInstance, options: AppOptions) {
  await server.register(autoload, {
    dir: folder('plugins'),
    forceESM: true,
    encapsulate: false,
    options: { ...options }
  })
  await server.register(autoload, {
    dir: folder('routes'),
    forceESM: true,
    autoHooks: true,
    cascadeHooks: true,
    dirNameRoutePrefix: prefixOf,
    options: { prefix: options.at }
  })
}

/** The service: the plugins, then the routes. Its decorators stand on the server itself. */
export default fp(app, { name: 'app' })
