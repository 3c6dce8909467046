import { password, username } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { ask, load } from '../load/load.ts'
import { request } from '../load/task.ts'

const AT_ONCE = 64

/** Login requests of all users. */
export const loginRequests = (port: number, users: number): string[] =>
  Array.from({ length: users }, (_, n) =>
    request('POST', '/api/login/', port, {}, JSON.stringify({ username: username(n), password }))
  )

/** POST /api/login/, 64 at a time, against nothing but argon2id with the same parameters. */
export const login: Row = async ({ plan, postern }) => {
  const { port } = await postern()
  const requests = loginRequests(port, plan.users)
  const hashing = new URL('../servers/hashing.ts', import.meta.url)
  const comparison = await compare(
    plan,
    { name: 'login', measure: () => load({ ...plan, port, connections: AT_ONCE, requests }) },
    { name: 'argon2id', measure: async () => ({ rate: await ask<number>(hashing, { seconds: plan.seconds }) }) }
  )
  return [ratio('POST /api/login/', 'raw argon2id', comparison, { least: 0.9 })]
}
