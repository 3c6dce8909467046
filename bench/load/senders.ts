import { request, type Task } from './task.ts'

/** What one connection sends next; `learn` sees each answer. */
export interface Sender {
  next(): string
  learn(body: string): void
}

/** One sender a connection. Chains leave their newest tokens in `tokens`. */
export function createSenders({ port, connections, requests = [], chain }: Task, tokens: string[]): Sender[] {
  return Array.from({ length: connections }, (_, first) =>
    chain ? chained(first, chain.path) : repeated(first, requests)
  )

  function repeated(first: number, requests: string[]): Sender {
    const turn = takeTurns(first, requests.length)
    return { next: () => requests[turn.next()] as string, learn: () => undefined }
  }

  function chained(first: number, path: string): Sender {
    const turn = takeTurns(first, tokens.length)
    let index = first
    return {
      next() {
        index = turn.next()
        return request('POST', path, port, {}, `{"refresh":"${tokens[index]}"}`)
      },
      learn(body) {
        tokens[index] = JSON.parse(body).refresh
      }
    }
  }

  /** Every so many-th of `length` things, beginning with the `first`, over and over: no two connections share one. */
  function takeTurns(first: number, length: number) {
    let index = first
    return {
      next() {
        const turn = index % length
        index = index + connections < length ? index + connections : first
        return turn
      }
    }
  }
}
