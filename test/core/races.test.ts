import t from 'tap'
import { bearer, type Pair, rows, service } from '../routes/session-service.ts'

const ROUNDS = 6
const ORIGIN = { ip: '192.0.2.1', userAgent: undefined }

/** Runs them all at once, and again, as often as a race needs to be lost once where it can be. */
async function rounds(race: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await race(round)
}

const codesOf = (answers: { statusCode: number }[]) => answers.map(({ statusCode }) => statusCode).sort()
const times = <T>(count: number, work: () => Promise<T>) => Promise.all(Array.from({ length: count }, work))

/** Ada, who logs in without the time that a password takes. */
async function ada(t: Parameters<typeof service>[0]) {
  const http = await service(t)
  const { core, database } = http.app
  const begin = async () => {
    const user = await core.users.demandByName('ada')
    return () => database.write(() => core.login.begin(user, ['pwd'], ORIGIN)).catch(() => undefined)
  }
  return { ...http, begin, living: async () => (await rows(http.app, 'sessions')).filter(one => !one.revokedAt) }
}

t.test('no login that races with the disabling of its user leaves a session', async t => {
  const { app, begin, living } = await ada(t)
  await rounds(async () => {
    const login = await begin()
    const [begun] = await Promise.all([times(6, login), app.core.userControl.disable('ada')])
    t.same(await living(), [], `of ${begun.filter(Boolean).length} logins that were faster`)
    await app.core.userControl.enable('ada')
  })
})

t.test('no login that races with a deletion leaves a token that is good', async t => {
  const { app, register, login, send, begin } = await ada(t)
  await rounds(async () => {
    const { access } = await login()
    const enter = await begin()
    const payload = { password: 'correct horse' }
    let over = false
    const deletion = send({ method: 'DELETE', url: '/api/me/', payload, headers: bearer(access) }).finally(() => {
      over = true
    })
    const begun = []
    // One by one, from before the deletion until after it.
    while (!over) begun.push(...(await times(2, enter)))
    t.equal((await deletion).statusCode, 204)
    t.notOk(await enter())
    for (const { user, session } of begun.filter(one => one !== undefined).slice(-8)) {
      const { access, refresh } = app.core.tokens.pair(user, session)
      await t.rejects(app.core.tokenCheck(access), { code: 'token_not_valid' })
      await t.rejects(app.core.tokenCheck(refresh), { code: 'token_not_valid' })
    }
    t.same(await rows(app, 'sessions'), [])
    await register()
  })
})

t.test('of two sessions that end each other at the same moment one is left', async t => {
  const { login, endOthers, alive } = await service(t)
  await rounds(async () => {
    const [a, b] = [await login(), await login()] as [Pair, Pair]
    t.same(codesOf(await Promise.all([endOthers(a), endOthers(b)])), [204, 401])
    t.not(await alive(t, a), await alive(t, b))
  })
})

t.test('of many logouts with one token, and of many uses of a spent one, one has an effect', async t => {
  const { app, clock, login, logout, refresh } = await service(t)
  const events = async (name: string) => (await rows(app, 'auditEvents')).filter(({ event }) => event === name).length
  await rounds(async round => {
    const { refresh: token } = await login()
    t.same(codesOf(await times(6, () => logout(token))), [204, 401, 401, 401, 401, 401])
    t.equal(await events('authn_token_revoked'), round + 1)

    const { refresh: spent } = await login()
    await refresh(spent)
    clock.advance(10_001)
    t.same(codesOf(await times(6, () => refresh(spent))), [401, 401, 401, 401, 401, 401])
    t.equal(await events('authn_token_reuse'), round + 1)
  })
})
