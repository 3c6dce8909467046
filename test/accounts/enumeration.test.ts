import t from 'tap'
import { eq } from '../../src/db/drizzle.ts'
import { isAlike } from './alike.ts'
import { accountService } from './service.ts'

const REQUESTS = ['/api/password-reset/', '/api/verify-email/resend/', '/api/login/email/'] as const
const PAIRS = 400
const AT_ONCE = 8
const CLOSE_MS = 3

t.test('a request for a mail is answered alike for known, unknown, disabled and unproven addresses', async t => {
  const { app, confirmed, register, post, letters } = await accountService(t)
  await confirmed('ada')
  await confirmed('disabled')
  await register('unproven')
  await letters()
  const { users } = app.database.tables
  const disable = app.database.prepare('test_disable', q =>
    q.update(users).set({ active: false }).where(eq(users.username, 'disabled')).returning()
  )
  await app.database.write(() => disable())
  for (const path of REQUESTS) {
    const answers = await Promise.all(
      ['ada', 'disabled', 'unproven', 'nobody'].map(name => post(path, { email: `${name}@example.com` }))
    )
    t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([202]), path)
    t.equal(new Set(answers.map(({ body }) => body)).size, 1, path)
    const names = answers.map(({ headers }) => Object.keys(headers).sort().join())
    t.equal(new Set(names).size, 1, path)
    const to = (await letters()).map(letter => letter.to).sort()
    const unprovenOnly = path === '/api/verify-email/resend/'
    t.same(to, unprovenOnly ? ['unproven@example.com'] : ['ada@example.com', 'unproven@example.com'], path)
  }
})

t.test('and after the same time', async t => {
  const { app, confirmed, letters } = await accountService(t)
  await confirmed()
  const address = await app.listen({ port: 0 })
  const timed = async (path: string, email: string) => {
    const began = performance.now()
    const answer = await fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email })
    })
    await answer.arrayBuffer()
    return performance.now() - began
  }
  for (const path of ['/api/password-reset/', '/api/login/email/']) {
    const pair = async (n: number) => {
      const [known, unknown] = await Promise.all([
        timed(path, 'ada@example.com'),
        timed(path, `nobody${n}@example.com`)
      ])
      return known - unknown
    }
    const { alike, found } = await isAlike({
      expected: 0,
      tolerance: CLOSE_MS,
      async measure(round) {
        const differences: number[] = []
        for (let n = round * PAIRS; n < (round + 1) * PAIRS; n += AT_ONCE)
          differences.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, more) => pair(n + more)))))
        await letters()
        return differences
      }
    })
    t.ok(alike, `${path}, known less unknown, ms: ${found}`)
  }
})

t.test('where addresses must be proven, registering one that has an account takes as long as any other', async t => {
  const { app, confirmed, letters } = await accountService(t, { authEmailVerification: 'required' })
  await confirmed()
  const address = await app.listen({ port: 0 })
  const timed = async (username: string, email: string) => {
    const began = performance.now()
    const answer = await fetch(`${address}/api/register/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, email, password: 'correct horse battery' })
    })
    t.equal(answer.status, 201)
    return performance.now() - began
  }
  const { alike, found } = await isAlike({
    expected: 0,
    tolerance: CLOSE_MS,
    async measure(round) {
      const differences: number[] = []
      for (let n = round * 60; n < (round + 1) * 60; n += 1) {
        const taken = await timed(`taken${n}`, 'ada@example.com')
        differences.push(taken - (await timed(`free${n}`, `free${n}@example.com`)))
      }
      await letters()
      return differences
    }
  })
  t.ok(alike, `taken less free, ms: ${found}`)
})

t.test('a wrong password and an unknown user take the same time, within a twentieth', async t => {
  const { app, confirmed } = await accountService(t)
  await confirmed()
  const address = await app.listen({ port: 0 })
  const timed = async (username: string) => {
    const began = performance.now()
    const answer = await fetch(`${address}/api/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: 'not the password' })
    })
    t.equal(((await answer.json()) as { code: string }).code, 'no_active_account')
    return performance.now() - began
  }
  const { alike, found } = await isAlike({
    expected: 1,
    tolerance: 0.05,
    async measure() {
      const ratios: number[] = []
      for (let n = 0; n < 80; n += 1) {
        const known = await timed('ada')
        ratios.push(known / (await timed(`nobody${n}`)))
      }
      return ratios
    }
  })
  t.ok(alike, `known to unknown: ${found}`)
})
