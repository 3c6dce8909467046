import type { LightMyRequestResponse } from 'fastify'
import type { Model, Purpose, Session } from './model.ts'
import * as model from './model.ts'
import type { Subject } from './subject.ts'

type Answer = LightMyRequestResponse

/** What somebody does, in the model and in the service; throws where they differ. */
export type Operation = (m: Model, s: Subject) => Promise<void>

export const PASSWORDS = ['correct horse', 'battery staple', 'a longer one'] as const

function demand(answer: Answer, expected: number): boolean {
  if (answer.statusCode !== expected)
    throw new Error(`${expected} in the model, ${answer.statusCode} in the service: ${answer.body}`)
  return expected < 300
}

const at = (m: Model, index: number): [number, Session] => {
  const place = index % m.sessions.length
  return [place, m.sessions[place] as Session]
}

const send = (s: Subject, place: number, method: 'DELETE' | 'POST', url: string, payload?: object) =>
  s.http().send({ method, url, payload, headers: { authorization: `Bearer ${s.given[place]?.access}` } })

export const register =
  (name: string): Operation =>
  async (m, s) => {
    const isFree = !m.users.has(name)
    if (!demand(await s.http().register(name, PASSWORDS[0]), isFree ? 201 : 400)) return
    const number = s.linksTo(name, 'verify_email').length
    const links = { verify_email: { number, expiresAt: m.now + model.LIFE.verify_email } }
    m.users.set(name, { name, password: PASSWORDS[0], isVerified: false, links })
    await s.gather()
  }

export const login =
  (name: string, password: string): Operation =>
  async (m, s) => {
    const user = m.users.get(name)
    const answer = await s.http().post('/api/login/', { username: name, password })
    if (!demand(answer, user?.password === password ? 200 : 401)) return
    model.begin(m, user as model.User)
    s.begun(answer.json())
  }

/** `back` counts from the current refresh token. */
export const refresh =
  (index: number, back: number): Operation =>
  async (m, s) => {
    const [place, session] = at(m, index)
    const { refreshes } = s.given[place] as Subject['given'][number]
    const generation = Math.max(0, refreshes.length - 1 - back)
    const fate = model.fate(m, session, generation)
    const answer = await s.http().refresh(refreshes[generation] as string)
    if (fate === 'reused') session.hasEnded = true
    if (!demand(answer, fate === 'reused' || fate === 'refused' ? 401 : 200)) return
    const pair = answer.json()
    if (fate === 'current') {
      model.rotate(m, session)
      refreshes.push(pair.refresh)
    } else if (pair.refresh !== refreshes.at(-1)) throw new Error('a replay gave another successor')
    model.issueAccess(m, session)
    Object.assign(s.given[place] as object, { access: pair.access })
  }

export const logout =
  (index: number, back: number): Operation =>
  async (m, s) => {
    const [place, session] = at(m, index)
    const { refreshes } = s.given[place] as Subject['given'][number]
    const generation = Math.max(0, refreshes.length - 1 - back)
    const fate = model.fate(m, session, generation)
    const answer = await s.http().logout(refreshes[generation] as string)
    if (fate !== 'refused') session.hasEnded = true
    demand(answer, fate === 'current' || fate === 'replayed' ? 204 : 401)
  }

export const logoutAll =
  (index: number): Operation =>
  async (m, s) => {
    const [place, session] = at(m, index)
    const answer = await send(s, place, 'POST', '/api/logout-all/')
    if (demand(answer, model.hasAccess(m, session) ? 204 : 401)) model.endAll(m, session.user)
  }

export const endOthers =
  (index: number): Operation =>
  async (m, s) => {
    const [place, session] = at(m, index)
    const answer = await send(s, place, 'DELETE', '/api/sessions/')
    if (demand(answer, model.hasAccess(m, session) ? 204 : 401)) model.endAll(m, session.user, session)
  }

export const endSession =
  (index: number, target: number): Operation =>
  async (m, s) => {
    const [place, session] = at(m, index)
    const [other, ended] = at(m, target)
    const isOwn = ended.user === session.user && model.isAlive(m, ended)
    const answer = await send(s, place, 'DELETE', `/api/sessions/${s.given[other]?.id}`)
    if (!model.hasAccess(m, session)) demand(answer, 401)
    else if (demand(answer, isOwn ? 204 : 404)) ended.hasEnded = true
  }

export const changePassword =
  (index: number, old: string, next: string): Operation =>
  async (m, s) => {
    const [place, session] = at(m, index)
    const { user } = session
    const answer = await s.http().changePassword(s.given[place]?.access as string, old, next)
    if (!model.hasAccess(m, session)) demand(answer, 401)
    else if (demand(answer, user.password === old ? 200 : 400)) {
      Object.assign(user, { password: next, links: {} })
      model.endAll(m, user, session)
    }
  }

export const deleteAccount =
  (index: number, password: string): Operation =>
  async (m, s) => {
    const [place, session] = at(m, index)
    const { user } = session
    const isFresh = m.now - session.authTime <= model.FRESH
    const answer = await send(s, place, 'DELETE', '/api/me/', { password })
    if (!model.hasAccess(m, session)) demand(answer, 401)
    else if (
      user.password === null
        ? demand(answer, isFresh ? 204 : 403)
        : demand(answer, user.password === password ? 204 : 400)
    ) {
      model.endAll(m, user)
      m.users.delete(user.name)
    }
  }

const ASK = {
  verify_email: '/api/verify-email/resend/',
  reset_password: '/api/password-reset/',
  login: '/api/login/email/'
}

export const askForMail =
  (name: string, purpose: Purpose): Operation =>
  async (m, s) => {
    demand(await s.http().post(ASK[purpose], { email: `${name}@example.com` }), 202)
    const user = m.users.get(name)
    if (!user || (purpose === 'verify_email' && user.isVerified)) return
    user.links[purpose] = { number: s.linksTo(name, purpose).length, expiresAt: m.now + model.LIFE[purpose] }
    await s.gather()
  }

/** `back` counts from the newest link. */
export const useMail =
  (name: string, purpose: Purpose, back: number): Operation =>
  async (m, s) => {
    const tokens = s.linksTo(name, purpose)
    const number = Math.max(0, tokens.length - 1 - back)
    const token = tokens[number] ?? 'x'
    const user = m.users.get(name)
    const isGood = model.takeLink(m, user, purpose, number)
    const [url, success, more] = CONFIRM[purpose]
    const answer = await s.http().post(url, { token, ...more })
    if (!demand(answer, isGood ? success : 400) || !user) return
    if (purpose === 'reset_password') {
      Object.assign(user, { password: PASSWORDS[2], links: {} })
      model.endAll(m, user)
    }
    if (purpose === 'login') {
      if (!user.isVerified) {
        Object.assign(user, { password: null, links: {} })
        model.endAll(m, user)
      }
      model.begin(m, user)
      s.begun(answer.json())
    }
    user.isVerified = true
  }

const CONFIRM: Record<Purpose, [url: string, success: number, more: object]> = {
  verify_email: ['/api/verify-email/', 200, {}],
  reset_password: ['/api/password-reset/confirm/', 204, { new_password: PASSWORDS[2] }],
  login: ['/api/login/email/confirm/', 200, {}]
}

export const wait =
  (seconds: number): Operation =>
  async (m, s) => {
    m.now += seconds * 1000
    s.clock.advance(seconds * 1000)
  }

export const restart = (): Operation => async (_m, s) => s.restart()
