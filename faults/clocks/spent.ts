import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Client, isRefused, type OAuthClient } from '../harness/client.ts'
import type { Mailbox } from '../harness/mailbox.ts'

/** Something that was good once and is not any more. */
export interface Spent {
  name: string
  use(client: Client): Promise<Answer>
}

export interface Pair {
  access: string
  refresh: string
}

export const PASSWORD = 'correct horse'

/** What eve sets with the link that was mailed to her. */
export const CHANGED = 'another horse'

/** Seconds that an access token of the experiment lives, and in which a refresh can be repeated. */
export const ACCESS_TTL = 3
const GRACE_MS = 1_000
const MAIL_MS = 5_000

export const SETTINGS = {
  AUTH_ACCESS_TTL: `${ACCESS_TTL}s`,
  AUTH_REFRESH_GRACE: `${GRACE_MS / 1000}s`,
  AUTH_RATE_LIMIT: 'on',
  AUTH_RATE_LIMITS: ['login', 'register', 'password', 'link', 'mail', 'client'].map(name => `${name}=9999/1m`).join()
}

/** The tokens of a login. Throws when it is refused. */
export async function logIn(client: Client, username: string, password = PASSWORD): Promise<Pair> {
  const { status, body } = await client.login(username, password)
  if (status !== 200) throw new Error(`login of ${username}: ${status} ${JSON.stringify(body)}`)
  return body as unknown as Pair
}

export const refreshOf = (name: string, token: string): Spent => ({ name, use: client => client.refresh(token) })
export const accessOf = (name: string, token: string): Spent => ({ name, use: client => client.protected(token) })

/** Uses up, ends and revokes one of each, and waits until it has expired what only expires. */
export async function spend(client: Client, oauth: OAuthClient, mailbox: Mailbox): Promise<Spent[]> {
  for (const name of ['ada', 'eve']) await client.register(name, `${name}@example.com`, PASSWORD)
  await client.askReset('eve@example.com')
  const over = performance.now() + MAIL_MS
  const link = await mailbox.resetToken('eve@example.com', () => performance.now() > over)
  if (!link) throw new Error('no mail came')
  await client.reset(link, CHANGED)
  const rotated = await logIn(client, 'ada')
  const successor = (await client.refresh(rotated.refresh)).body as unknown as Pair
  const left = await logIn(client, 'ada')
  await client.logout(left.refresh)
  const revoked = await logIn(client, 'ada')
  await client.revoke(revoked.access, oauth)
  await sleep(ACCESS_TTL * 1000 + GRACE_MS)
  return [
    accessOf('an expired access token', successor.access),
    accessOf('a revoked access token', revoked.access),
    accessOf('an access token of a session that ended', left.access),
    refreshOf('a refresh token of a session that ended', left.refresh),
    refreshOf('a spent refresh token', rotated.refresh),
    { name: 'a used link', use: client => client.reset(link, 'third horse') }
  ]
}

/** The names of those that are good again. */
export async function revived(client: Client, spent: Spent[]): Promise<string[]> {
  const found: string[] = []
  for (const { name, use } of spent) {
    const answer = await use(client)
    if (!isRefused(answer)) found.push(`${name}: ${answer.status}`)
  }
  return found
}
