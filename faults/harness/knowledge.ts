/** A change that was asked for. What it needs to be told apart from its absence is all here. */
export type Operation =
  | { name: 'register'; user: string; email: string; password: string }
  | { name: 'login'; user: string; password: string }
  | { name: 'refresh'; user: string; session: number; token: string }
  | { name: 'logout'; user: string; session: number; token: string }
  | { name: 'change'; user: string; session: number; from: string; to: string }
  | { name: 'revoke'; user: string; session: number; token: string }
  | { name: 'reset'; user: string; token: string; from: string; to: string }

/** How a promise was broken; `half` is a change that was done in part, `unexpected` all that has no better name. */
export type Breach = 'lost' | 'resurrected' | 'duplicated' | 'half' | 'unexpected'

/** One line of the ledger. `n` numbers the operations; `at` is milliseconds since 1970. */
export type Entry =
  | { n: number; at: number; sent: Operation }
  | { n: number; at: number; status: number; access?: string; refresh?: string }
  | { n: number; at: number; applied: boolean }
  | { at: number; breach: Breach; text: string }

/** A session as its owner knows it. The newest tokens are the last ones. */
export interface KnownSession {
  /** The number of the login that began it. */
  id: number
  refresh: string
  spent: string[]
  accesses: string[]
  revoked: string[]
  ended: boolean
}

/** A user as their owner knows them. */
export interface KnownUser {
  name: string
  email: string
  password: string
  registered: boolean
  former: string[]
  sessions: KnownSession[]
  /** Tokens of mailed links that were used. */
  links: string[]
  /** The change that may or may not have been made. */
  pending?: { n: number; at: number; operation: Operation }
  /** The number of the operation that was answered last. */
  touched: number
}

const KEPT = 5

/** Milliseconds since 1970 at which a token expires. */
export function expiresAt(token: string): number {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return claims.exp * 1000
}

/** Notes that a change was asked for: until it is answered it may or may not have been made. */
export function expect(users: Map<string, KnownUser>, n: number, at: number, operation: Operation): void {
  if (operation.name === 'register' && !users.has(operation.user)) users.set(operation.user, newUser(operation, n))
  const user = users.get(operation.user)
  // A login that got lost leaves a session that nobody has the tokens of.
  if (user && operation.name !== 'login') user.pending ??= { n, at, operation }
}

/** Notes that a change was made. */
export function take(user: KnownUser, n: number, operation: Operation, tokens: { access?: string; refresh?: string }) {
  const { access = '', refresh = '' } = tokens
  const session = 'session' in operation ? user.sessions.find(({ id }) => id === operation.session) : undefined
  user.touched = n
  if (operation.name === 'register') user.registered = true
  if (operation.name === 'login')
    user.sessions.push({ id: n, refresh, spent: [], accesses: [access], revoked: [], ended: false })
  if (operation.name === 'change' || operation.name === 'reset') {
    user.former.push(user.password)
    user.password = operation.to
    for (const other of user.sessions) if (other.id < n && other !== session) other.ended = true
  }
  if (operation.name === 'reset') keep(user.links, operation.token)
  if (!session) return
  if (operation.name === 'logout') session.ended = true
  if (operation.name === 'revoke') {
    keep(session.revoked, operation.token)
    session.accesses = session.accesses.filter(token => token !== operation.token)
  }
  if (operation.name !== 'refresh' || !refresh) return
  keep(session.accesses, access)
  if (session.refresh !== operation.token) return
  keep(session.spent, operation.token)
  session.refresh = refresh
}

/** Notes that a change was refused: a refresh token that is refused once is good for nothing any more. */
export function refuse(user: KnownUser, n: number, operation: Operation): void {
  user.touched = n
  if (operation.name !== 'refresh' && operation.name !== 'logout') return
  const session = user.sessions.find(({ id }) => id === operation.session)
  if (session) session.ended = true
}

function keep(tokens: string[], token: string): void {
  tokens.push(token)
  if (tokens.length > KEPT) tokens.shift()
}

const newUser = ({ user, email, password }: { user: string; email: string; password: string }, n: number) => ({
  name: user,
  email,
  password,
  registered: false,
  former: [],
  sessions: [],
  links: [],
  touched: n
})
