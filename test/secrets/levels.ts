import { createRequire } from 'node:module'
import type { FastifyBaseLogger } from 'fastify'
import type { symbols } from 'pino'

interface Stream {
  write(line: string): unknown
}

type Pino = FastifyBaseLogger & { levelVal: number; [key: symbol]: Stream | undefined }

const load = createRequire(import.meta.url)

/** Lets a logger make its lines of all levels, and its stream still get only those that it would have got. */
export function logAtTrace(logger: FastifyBaseLogger): void {
  const log = logger as Pino
  // Where there is such a logger, it is loaded already.
  const { streamSym } = (load('pino') as { symbols: typeof symbols }).symbols
  const stream = log[streamSym]
  if (!stream) return
  const least = log.levelVal
  log.level = 'trace'
  log[streamSym] = new Proxy(stream, {
    get(target, key) {
      if (key === 'write') return (line: string) => levelOf(line) < least || target.write(line)
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

const levelOf = (line: string): number =>
  Number(/"level":(\d+)/.exec(line.slice(0, 100))?.[1] ?? Number.POSITIVE_INFINITY)
