/** What the service is compared with: who there is, who is logged in, and which mailed links are good. */
export interface Model {
  /** Milliseconds since 1970. */
  now: number
  users: Map<string, User>
  sessions: Session[]
}

export interface User {
  name: string
  password: string | null
  isVerified: boolean
  /** The one link of each purpose that is good. */
  links: Partial<Record<Purpose, Link>>
}

export interface Link {
  /** How many were issued before it. */
  number: number
  expiresAt: number
}

export interface Session {
  user: User
  hasEnded: boolean
  authTime: number
  rotatedAt: number
  expiresAt: number
  /** When each refresh token expires, oldest first: the last is the current one. */
  refreshes: number[]
  /** When the newest access token expires. */
  accessExpires: number
}

export type Purpose = 'verify_email' | 'reset_password' | 'login'

const MINUTE = 60_000
const DAY = 86_400_000
const GRACE = 10_000
export const LIFE: Record<Purpose, number> = { verify_email: DAY, reset_password: 30 * MINUTE, login: 10 * MINUTE }
export const FRESH = 5 * MINUTE

const idleUntil = ({ refreshes }: Session) => refreshes.at(-1) as number

export const isAlive = ({ now }: Model, session: Session) => !session.hasEnded && now < idleUntil(session)

export const hasAccess = (model: Model, session: Session) =>
  isAlive(model, session) && model.now < session.accessExpires

/** What becomes of a refresh token, by its generation. */
export function fate(
  model: Model,
  session: Session,
  generation: number
): 'current' | 'replayed' | 'reused' | 'refused' {
  const last = session.refreshes.length - 1
  if (model.now >= (session.refreshes[generation] as number) || !isAlive(model, session)) return 'refused'
  if (generation === last) return 'current'
  return generation === last - 1 && model.now - session.rotatedAt < GRACE ? 'replayed' : 'reused'
}

export function begin(model: Model, user: User): Session {
  const { now } = model
  const session: Session = {
    user,
    hasEnded: false,
    authTime: now,
    rotatedAt: now,
    expiresAt: now + 30 * DAY,
    refreshes: [now + DAY],
    accessExpires: now + 5 * MINUTE
  }
  model.sessions.push(session)
  return session
}

export function rotate({ now }: Model, session: Session): void {
  session.rotatedAt = now
  session.refreshes.push(Math.min(now + DAY, session.expiresAt))
}

export function issueAccess({ now }: Model, session: Session): void {
  session.accessExpires = Math.min(now + 5 * MINUTE, idleUntil(session))
}

/** Ends all sessions of a user, but one. */
export function endAll(model: Model, user: User, keep?: Session): void {
  for (const session of model.sessions) if (session.user === user && session !== keep) session.hasEnded = true
}

/** Whether a link is good; then it is used up. */
export function takeLink(model: Model, user: User | undefined, purpose: Purpose, number: number): user is User {
  const link = user?.links[purpose]
  if (!user || link?.number !== number || model.now >= link.expiresAt) return false
  delete user.links[purpose]
  return true
}
