import type { Actions } from './actions.ts'
import { type Answer, type Client, isDone, isRefused } from './client.ts'
import { expiresAt, type KnownUser, type Operation } from './knowledge.ts'
import type { Ledger } from './ledger.ts'
import { GRACE_MS } from './service.ts'

/** What is needed to look at the service and to write down what is seen. */
export interface Inquiry {
  client: Client
  actions: Actions
  ledger: Ledger
}

/** Whether a change was made; undefined when that cannot be found out now. */
type Finding = boolean | undefined

/**
 * Finds out whether the pending change of a user was made. Either is right, half of it is not. Gives false when the
 * service did not say: it has to be asked again.
 */
export async function settle(inquiry: Inquiry, user: KnownUser): Promise<boolean> {
  const { pending } = user
  if (!pending) return true
  const { operation } = pending
  const find = operation.name === 'login' ? undefined : (findings[operation.name] as Find)
  const applied = await find?.(inquiry, user, operation, pending.at)
  if (applied === undefined) return false
  inquiry.ledger.settled(user, applied)
  return true
}

type Find = (inquiry: Inquiry, user: KnownUser, operation: Operation, at: number) => Promise<Finding>
type Named<Name> = Extract<Operation, { name: Name }>

const findings = {
  async register({ client, actions, ledger }: Inquiry, user: KnownUser): Promise<Finding> {
    const login = knows(await actions.login(user, user.password))
    if (login !== false) return login
    const again = knows(await client.register(user.name, user.email, user.password))
    if (again === false) ledger.breach('half', `${user.name} is neither registered nor free to register`)
    return again
  },

  async refresh({ actions, ledger }: Inquiry, user: KnownUser, operation: Named<'refresh'>, at: number) {
    const session = user.sessions.find(({ id }) => id === operation.session)
    if (!session || session.ended) return false
    const retry = await actions.refresh(user, session, operation.token)
    const isSafe = Date.now() < Math.min(at + GRACE_MS, expiresAt(operation.token))
    if (isRefused(retry) && isSafe) ledger.breach('lost', `the refresh of ${user.name} was retried: ${said(retry)}`)
    if (!isDone(retry)) return knows(retry)
    const third = await actions.refresh(user, session, operation.token)
    if (isDone(third) && third.body.refresh !== retry.body.refresh)
      ledger.breach('duplicated', `a refresh token of ${user.name} has two successors`)
    return true
  },

  async logout({ client, ledger }: Inquiry, user: KnownUser, operation: Named<'logout'>): Promise<Finding> {
    const session = user.sessions.find(({ id }) => id === operation.session)
    const refresh = knows(await client.verify(operation.token))
    const newest = session?.accesses.at(-1)
    const access = newest ? knows(await client.verify(newest)) : refresh
    if (refresh === undefined || access === undefined) return undefined
    if (access !== refresh && newest && expiresAt(newest) > Date.now())
      ledger.breach('half', `after the logout of ${user.name} one of two tokens works`)
    return !refresh
  },

  async revoke({ client }: Inquiry, _user: KnownUser, operation: Named<'revoke'>): Promise<Finding> {
    const isGood = knows(await client.verify(operation.token))
    return isGood === undefined ? undefined : !isGood
  },

  change: findPassword,
  reset: findPassword
}

async function findPassword(
  { client, actions, ledger }: Inquiry,
  user: KnownUser,
  operation: Named<'change'> | Named<'reset'>
): Promise<Finding> {
  const before = user.sessions.filter(({ ended }) => !ended)
  const byNew = knows(await actions.login(user, operation.to))
  const byOld = byNew === false ? knows(await actions.login(user, operation.from)) : false
  if (byNew === undefined || byOld === undefined) return undefined
  if (!byNew && !byOld) ledger.breach('lost', `neither the old nor the new password of ${user.name} is right`)
  for (const { id, refresh } of before) {
    const isAlive = knows(await client.verify(refresh))
    if (isAlive === undefined) return undefined
    const shouldLive = !byNew || (operation.name === 'change' && id === operation.session)
    if (isAlive !== shouldLive && expiresAt(refresh) > Date.now())
      ledger.breach('half', `the password of ${user.name} is the ${byNew ? 'new' : 'old'} one, a session is not`)
  }
  return byNew
}

const said = ({ status, body }: Answer): string => `${status} ${String(body.code ?? body.detail ?? '')}`

/** Yes, no, or no word. */
function knows(answer: Answer): Finding {
  if (isDone(answer)) return true
  return isRefused(answer) ? false : undefined
}
