import { setTimeout as sleep } from 'node:timers/promises'

/** Sends JSON and gives the status and what came back. */
export type Post = (path: string, body: object) => Promise<{ status: number; body: Record<string, string> }>

/** POSTs to a service, and once more when it is overloaded. */
export function poster(url: string): Post {
  const headers = { 'content-type': 'application/json' }
  return async function post(path, body) {
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    const said = (await answer.json()) as Record<string, string>
    if (answer.status !== 503) return { status: answer.status, body: said }
    await sleep(200)
    return post(path, body)
  }
}

const AT_A_TIME = 4

/** Does something with each, a few at a time; what came of it is in their order. */
export async function forEach<Item, Result>(items: Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as Item)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  return results
}

/** How often each came up. */
export function tally(values: Array<number | string>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}
