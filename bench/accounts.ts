/** The password of every account of the bench. */
export const password = 'correct horse battery'

/** Requests at a time: far below what the queue of the hash gate holds, also on a busy machine. */
const AT_ONCE = 16

/** The tokens of one login. */
export interface Tokens {
  access: string
  refresh: string
}

/** The n-th username. */
export const username = (n: number): string => `user-${String(n).padStart(3, '0')}`

/** Registers `user-000` and so on. */
export const register = (port: number, count: number): Promise<unknown> =>
  inBatches(count, n =>
    post(port, '/api/register/', { username: username(n), email: `${username(n)}@example.com`, password })
  )

/** Logs each user in once. */
export const logIn = (port: number, count: number): Promise<Tokens[]> =>
  inBatches(count, n => post(port, '/api/login/', { username: username(n), password })) as Promise<Tokens[]>

async function inBatches<Result>(count: number, one: (n: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  while (results.length < count) {
    const batch = Math.min(AT_ONCE, count - results.length)
    results.push(...(await Promise.all(Array.from({ length: batch }, (_, n) => one(results.length + n)))))
  }
  return results
}

async function post(port: number, path: string, body: object): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}
