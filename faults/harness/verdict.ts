import { setTimeout as sleep } from 'node:timers/promises'
import { createActions } from './actions.ts'
import { type Answer, createClient, isDone, isRefused } from './client.ts'
import { expiresAt, type KnownSession, type KnownUser } from './knowledge.ts'
import type { Breaches, Ledger } from './ledger.ts'
import { createRandom, pick } from './random.ts'
import { type Inquiry, settle } from './settle.ts'

export type Verdict = Breaches

interface Scope {
  /** Users that were touched after this position of the ledger are all audited. Default: everybody. */
  since?: number
  /** How many of the others are audited too. */
  sample?: number
  seed?: number
}

const AT_ONCE = 8
const OLD_TOKENS = 4
const REUSED = 0.2
const ATTEMPTS = 40

/**
 * Asks the service, through HTTP alone, about everything that was acknowledged, and gives what does not hold together
 * with what was noticed since the last audit. The service is expected to be well, and nobody else to be asking.
 */
export async function audit(
  url: string,
  ledger: Ledger,
  { since = 0, sample = 0, seed = 1 }: Scope = {}
): Promise<Verdict> {
  const random = createRandom(seed + ledger.position())
  const client = createClient(url)
  const inquiry = { client, actions: createActions(client, ledger), ledger }
  const everybody = [...ledger.users.values()]
  const old = everybody.filter(({ touched }) => touched <= since)
  const chosen = everybody.filter(({ touched }) => touched > since)
  for (let n = 0; n < sample && old.length > 0; n++) chosen.push(pick(old, random))
  const queue = [...new Set(chosen)]
  const worker = async () => {
    for (let user = queue.pop(); user; user = queue.pop()) await examine(inquiry, user, random)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return ledger.takeBreaches()
}

async function examine(inquiry: Inquiry, user: KnownUser, random: () => number): Promise<void> {
  const { ledger } = inquiry
  for (let attempt = 0; !(await settle(inquiry, user)); attempt++) {
    if (attempt === ATTEMPTS) return ledger.breach('unexpected', `no word about ${user.name}`)
    await sleep(50)
  }
  if (!user.registered) return
  await examineSecrets(inquiry, user)
  for (const session of user.sessions.filter(({ refresh }) => expiresAt(refresh) - Date.now() > 1_000)) {
    if (session.ended) await examineEnded(inquiry, user, session)
    else await examineOpen(inquiry, user, session, random() < REUSED)
  }
}

/** Passwords and mailed links. */
async function examineSecrets({ client, actions, ledger }: Inquiry, user: KnownUser): Promise<void> {
  const former = user.former.at(-1)
  if (former !== undefined) {
    const login = await client.login(user.name, former)
    refusedOr(login, () => ledger.breach('resurrected', `an old password of ${user.name}: ${said(login)}`))
  }
  const login = await actions.login(user, user.password)
  if (!isDone(login)) ledger.breach('lost', `the password of ${user.name}: ${said(login)}`)
  const link = user.links.at(-1)
  if (link === undefined) return
  const again = await client.reset(link, `another password ${user.touched}`)
  refusedOr(again, () => ledger.breach('duplicated', `a mailed link of ${user.name}: ${said(again)}`))
}

async function examineEnded({ client, ledger }: Inquiry, user: KnownUser, session: KnownSession): Promise<void> {
  const { refresh, spent, accesses } = session
  for (const token of [refresh, ...spent, ...accesses].slice(0, OLD_TOKENS)) {
    const answer = await client.verify(token)
    refusedOr(answer, () => ledger.breach('resurrected', `a token of a session that ended, of ${user.name}`))
  }
  const answer = await client.refresh(refresh)
  refusedOr(answer, () => ledger.breach('resurrected', `a session that ended, of ${user.name}: ${said(answer)}`))
}

async function examineOpen(inquiry: Inquiry, user: KnownUser, session: KnownSession, reuse: boolean): Promise<void> {
  const { client, actions, ledger } = inquiry
  for (const token of session.revoked) {
    const answer = await client.protected(token)
    refusedOr(answer, () => ledger.breach('resurrected', `a revoked access token of ${user.name}`))
  }
  const access = session.accesses.at(-1)
  const good = access && expiresAt(access) > Date.now() + 1_000 ? await client.protected(access) : undefined
  if (good && !isDone(good)) ledger.breach('lost', `an access token of ${user.name}: ${said(good)}`)
  const { refresh } = session
  const first = await actions.refresh(user, session, refresh)
  if (!isDone(first)) return ledger.breach('lost', `a session of ${user.name}: ${said(first)}`)
  const second = await actions.refresh(user, session, refresh)
  if (second.body.refresh !== first.body.refresh)
    ledger.breach('duplicated', `a refresh token of ${user.name}, sent twice: ${said(second)}`)
  const spent = session.spent.at(-2)
  if (!reuse || spent === undefined) return
  const third = await actions.refresh(user, session, spent)
  refusedOr(third, () => ledger.breach('duplicated', `a spent refresh token of ${user.name}: ${said(third)}`))
  const last = await client.refresh(session.refresh)
  refusedOr(last, () => ledger.breach('resurrected', `a session of ${user.name} that reuse ended: ${said(last)}`))
}

function refusedOr(answer: Answer, complain: () => void): void {
  if (!isRefused(answer)) complain()
}

const said = ({ status, body }: Answer): string => `${status} ${String(body.code ?? body.detail ?? '')}`
