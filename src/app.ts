import { join } from 'node:path'
import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from './config.ts'

/** What every plugin gets. */
export interface AppOptions {
  config: Config
  /** Path under which everything stands. Not called prefix: Fastify would apply it to each plugin again. */
  at: string
  now: () => number
}

const folder = (name: string) => join(import.meta.dirname, '..', name)

/** A folder whose name gives no path: it stands for a guard. */
const prefixOf = (_parent: string, name: string) => (name === 'signed-in' ? '' : name)

async function app(server: FastifyInstance, { config, at, now }: AppOptions) {
  await server.register(autoload, {
    dir: folder('plugins'),
    forceESM: true,
    encapsulate: false,
    options: { config, at, now }
  })
  await server.register(autoload, {
    dir: folder('routes'),
    forceESM: true,
    autoHooks: true,
    cascadeHooks: true,
    dirNameRoutePrefix: prefixOf,
    options: { prefix: at }
  })
}

/** The service: the plugins, then the routes. Its decorators stand on the server itself. */
export default fp(app, { name: 'app' })
