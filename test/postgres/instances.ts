import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { openProxy, type Passage } from '../../faults/network/proxy.ts'
import type { Options } from '../../src/config.ts'
import type { Wiring } from '../../src/server.ts'
import { build, client } from '../helper.ts'

/** One of several services over one database. */
export interface Instance extends ReturnType<typeof client> {
  app: FastifyInstance
}

const authSecret = 'a master secret that all instances share'

/** Starts an instance over a database that others use too. */
export async function instance(
  t: Test,
  databaseUrl: string,
  options: Options = {},
  wiring: Wiring = {}
): Promise<Instance> {
  const app = await build(t, { databaseUrl, authSecret, dataDir: t.testdir(), ...options }, wiring)
  return { app, ...client(app) }
}

/** Starts three. */
export const threeInstances = async (t: Test, url: string, options: Options = {}, wiring: Wiring = {}) =>
  [
    await instance(t, url, options, wiring),
    await instance(t, url, options, wiring),
    await instance(t, url, options, wiring)
  ] as const

/** A way to the server of a database; closed when the test ends. */
export async function way(t: Test, databaseUrl: string, delayMs = 0): Promise<Passage> {
  const proxy = await openProxy(Number(new URL(databaseUrl).port || 5432), delayMs)
  t.teardown(() => proxy.close())
  return proxy
}

/** Milliseconds until every instance refuses a token; gives up after 15 s. Other answers than 200, 401 and 503 are thrown. */
export async function refusedAfter(instances: readonly Instance[], access: string): Promise<number> {
  const began = performance.now()
  for (const { protected: see } of instances) {
    for (;;) {
      const { statusCode, body } = await see(access)
      if (statusCode === 401) break
      if (![200, 503].includes(statusCode)) throw new Error(`${statusCode}: ${body}`)
      if (performance.now() - began > 15_000) throw new Error(`still answered ${statusCode} after 15 s`)
      await sleep(2)
    }
  }
  return performance.now() - began
}
