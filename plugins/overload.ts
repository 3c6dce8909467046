import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import underPressure from '@fastify/under-pressure'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { HashGateSigns } from '../src/core/hash-gate.ts'

declare module 'fastify' {
  interface FastifyInstance {
    overload: HashGateSigns
  }
}

/** Milliseconds by which the event loop is late, on average over half a second. */
const LAG_MS = 100
const SAMPLE_MS = 500
const CHEAP = ['GET', 'HEAD', 'OPTIONS']

/** What the hash gate is told: whether the event loop lags, and who has hung up while he waited. */
export default fp(
  async server => {
    // It has no thresholds of its own, so it measures only: with one it would look at every request, checks too.
    await server.register(underPressure, { sampleInterval: SAMPLE_MS })
    const sockets = new AsyncLocalStorage<Socket>()
    const remember = ({ raw }: FastifyRequest, _reply: FastifyReply, done: () => void) => sockets.run(raw.socket, done)
    server.addHook('onRoute', route => {
      if ([route.method].flat().some(method => CHEAP.includes(method))) return
      route.preHandler = [remember, ...[route.preHandler ?? []].flat()]
    })
    server.decorate('overload', {
      lags: () => server.memoryUsage().eventLoopDelay > LAG_MS,
      caller() {
        const socket = sockets.getStore()
        return () => socket?.destroyed === true
      }
    })
  },
  { name: 'overload' }
)
