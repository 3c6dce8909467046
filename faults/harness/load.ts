import { setTimeout as sleep } from 'node:timers/promises'
import { createActions } from './actions.ts'
import { type Answer, createClient, isDone, isRefused, type OAuthClient } from './client.ts'
import { expiresAt, type KnownSession, type KnownUser } from './knowledge.ts'
import type { Ledger } from './ledger.ts'
import type { Mailbox } from './mailbox.ts'
import { createRandom, pick } from './random.ts'
import { settle } from './settle.ts'

type Step = 'register' | 'login' | 'refresh' | 'logout' | 'change' | 'revoke' | 'reset' | 'protected'

interface Plan {
  url: string
  ledger: Ledger
  /** Clients that go on at the same time, each with users of its own. */
  actors: number
  /** Without it no access token is revoked. */
  oauth?: OAuthClient
  /** Without it no password is reset. */
  mailbox?: Mailbox
  seed?: number
  /** Milliseconds between two requests of an actor. */
  pauseMs?: number
  /** Milliseconds that a request may take. */
  timeoutMs?: number
  mix?: Partial<Record<Step, number>>
}

/** A load that is under way. */
export interface Load {
  /** Ends once the requests in flight are answered. */
  stop(): Promise<void>
  /** Goes on with the same users after `stop`. */
  resume(): void
  /** Requests that were answered with success. */
  acknowledged(): number
  /** The longest time in which no request was answered with success. */
  longestOutageMs(): number
}

const MIX = { register: 6, login: 8, refresh: 45, logout: 8, change: 5, revoke: 6, reset: 3, protected: 19 }
const USERS = 6
const SESSIONS = 4
const SAFE_MS = 5_000
const MAIL_MS = 2_000
let loads = 0

/** Starts a mixed load that goes on through outages; what is wrong with an answer is in the ledger as a breach. */
export function startLoad({ url, ledger, actors, oauth, mailbox, seed = 1, pauseMs = 0, timeoutMs, mix }: Plan): Load {
  const client = createClient(url, timeoutMs)
  const actions = createActions(client, ledger)
  const weights = { ...MIX, ...(!oauth && { revoke: 0 }), ...(!mailbox && { reset: 0 }), ...mix }
  const ballot = Object.entries(weights).flatMap(([step, weight]) => Array<Step>(weight).fill(step as Step))
  const name = `load${++loads}-${ledger.position()}`
  let stopped = false
  let acknowledged = 0
  let longest = 0
  let last = performance.now()

  function judge(user: string, step: Step, answer: Answer): void {
    if (isDone(answer)) {
      acknowledged += 1
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    } else if (isRefused(answer)) {
      ledger.breach('lost', `${step} of ${user} was refused: ${answer.status} ${answer.body.code}`)
    } else if (answer.status !== 503 && answer.status !== 0) {
      ledger.breach('unexpected', `${step} of ${user} was answered with ${answer.status}`)
    }
  }

  function createActor(number: number): () => Promise<void> {
    const random = createRandom(seed * 1_000 + number)
    const own: string[] = []
    /** To whom a mail may still come that was asked for earlier: its link is of no use beside a newer one. */
    const late = new Set<string>()
    let count = 0
    const secret = () => `pass phrase ${random().toString(36).slice(2)} ${count++}`

    async function register(): Promise<void> {
      const user = `${name}-${number}-${count++}`
      own.push(user)
      if (own.length > USERS) own.shift()
      judge(user, 'register', await actions.register(user, secret()))
    }

    async function perform(step: Step, user: KnownUser): Promise<Answer | undefined> {
      const open = user.sessions.filter(isOpen)
      if (step === 'reset') {
        const over = performance.now() + MAIL_MS
        if (!isDone(await client.askReset(user.email))) return void late.add(user.email)
        for (;;) {
          const token = await mailbox?.resetToken(user.email, () => stopped || performance.now() > over)
          if (!token) return void late.add(user.email)
          const answer = await actions.reset(user, token, secret())
          if (answer.body.code !== 'invalid_link' || !late.has(user.email)) return answer
        }
      }
      if (open.length === 0 || (step === 'login' && open.length < SESSIONS)) return actions.login(user, user.password)
      const session = pick(open, random)
      const access = session.accesses.filter(isFresh).at(-1)
      if (step === 'logout' || step === 'login') return actions.logout(user, session)
      if (!access) return actions.refresh(user, session)
      if (step === 'change') return actions.change(user, session, access, secret())
      if (step === 'revoke' && oauth) return actions.revoke(user, session, access, oauth)
      if (step === 'protected') return client.protected(access)
      return actions.refresh(user, session)
    }

    return async () => {
      while (!stopped) {
        const step = pick(ballot, random)
        const user = own.length > 0 ? ledger.users.get(pick(own, random)) : undefined
        if (!user || step === 'register') await register()
        else if (user.pending) await ((await settle({ client, actions, ledger }, user)) || sleep(50))
        else {
          const answer = await perform(step, user)
          if (answer) judge(user.name, step, answer)
          if (answer?.status === 0) await sleep(50)
        }
        if (pauseMs) await sleep(pauseMs)
      }
    }
  }

  const all = Array.from({ length: actors }, (_, number) => createActor(number))
  let running: Array<Promise<void>> = []
  function resume(): void {
    stopped = false
    running = all.map(act => act())
  }
  resume()
  return {
    resume,
    async stop() {
      stopped = true
      await Promise.all(running)
      longest = Math.max(longest, performance.now() - last)
    },
    acknowledged: () => acknowledged,
    longestOutageMs: () => longest
  }
}

const isFresh = (token: string): boolean => expiresAt(token) - Date.now() > SAFE_MS
const isOpen = ({ ended, refresh }: KnownSession): boolean => !ended && isFresh(refresh)
