import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import { PosternError } from '../../src/errors.ts'
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/verify/index.ts'
import { build, client, type TestClock, testClock } from '../helper.ts'

/** How the way to Postern behaves: it breaks, says nothing, is faulty, redirects, never stops talking. */
export type Way = 'open' | 'broken' | 'silent' | 'faulty' | 'redirecting' | 'endless'

/** A Postern that listens behind a way that a test can break, with one user who is logged in. */
export interface Postern {
  app: FastifyInstance
  url: string
  clock: TestClock
  tokens: { access: string; refresh: string }
  way: Way
  /** How many requests came for a path so far. */
  asked(path: string): number
  verifier(options?: Partial<VerifierOptions>): Verifier
}

/** Starts it on a port of its own: verifiers ask over a real socket. */
export async function listening(t: Test, options: Options = {}): Promise<Postern> {
  const clock = testClock()
  const paths: string[] = []
  const front = createServer((request, response) => {
    paths.push(request.url ?? '')
    return ways[postern.way](request, response)
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  t.teardown(() => {
    front.closeAllConnections()
    front.close()
  })
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  const app = await build(t, { publicUrl: url, ...options }, { now: clock.now })
  const { register, login } = client(app)
  await register()

  const ways: Record<Way, (request: IncomingMessage, response: ServerResponse) => unknown> = {
    open: async (request, response) => {
      const { statusCode, headers, rawPayload } = await app.inject({ url: request.url ?? '', headers: request.headers })
      response.writeHead(statusCode, headers).end(rawPayload)
    },
    broken: request => request.socket.destroy(),
    silent: () => undefined,
    faulty: (_request, response) => response.writeHead(503).end('{}'),
    redirecting: (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    endless: (_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ')
      const more = (): unknown => !response.destroyed && response.write(chunk, () => setImmediate(more))
      response.writeHead(200)
      more()
    }
  }

  const postern: Postern = {
    app,
    url,
    clock,
    tokens: await login(),
    way: 'open',
    asked: path => paths.filter(seen => seen === path).length,
    verifier: more => createVerifier({ issuer: url, now: clock.now, ...more })
  }
  return postern
}

/** The code with which a token is refused; `accepted` when it is not. */
export const verdict = (verifier: Verifier, token: string): Promise<string> =>
  verifier.verify(token).then(
    () => 'accepted',
    error => (error instanceof PosternError ? error.code : `${error}`)
  )
