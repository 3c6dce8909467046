import t from 'tap'
import { eq } from '../../src/db/drizzle.ts'
import { accountService } from './service.ts'

const REQUESTS = ['/api/password-reset/', '/api/verify-email/resend/', '/api/login/email/'] as const
const PAIRS = 400
const AT_ONCE = 8
const CLOSE_MS = 3
const isClose = (difference: number) => Math.abs(difference) < CLOSE_MS

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
    const differences = await inRounds(isClose, async round => {
      const known: number[] = []
      const unknown: number[] = []
      const pair = async (n: number) => {
        const [one, other] = await Promise.all([timed(path, 'ada@example.com'), timed(path, `nobody${n}@example.com`)])
        known.push(one)
        unknown.push(other)
      }
      for (let n = round * PAIRS; n < (round + 1) * PAIRS; n += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, (_, more) => pair(n + more)))
      await letters()
      return median(known) - median(unknown)
    })
    t.ok(differences.some(isClose), `${path}: medians of ${PAIRS} pairs differ by ${show(differences)} ms`)
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
  const differences = await inRounds(isClose, async round => {
    const taken: number[] = []
    const free: number[] = []
    for (let n = round * 60; n < (round + 1) * 60; n += 1) {
      taken.push(await timed(`taken${n}`, 'ada@example.com'))
      free.push(await timed(`free${n}`, `free${n}@example.com`))
    }
    await letters()
    return median(taken) - median(free)
  })
  t.ok(differences.some(isClose), `medians of 60 pairs differ by ${show(differences)} ms`)
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
  const isNearOne = (ratio: number) => Math.abs(ratio - 1) < 0.05
  const ratios = await inRounds(isNearOne, async () => {
    const known: number[] = []
    const unknown: number[] = []
    for (let n = 0; n < 40; n += 1) {
      known.push(await timed('ada'))
      unknown.push(await timed(`nobody${n}`))
    }
    return median(known) / median(unknown)
  })
  t.ok(ratios.some(isNearOne), `medians, known to unknown: ${show(ratios)}`)
})

/** What else the machine does can spoil a round; a difference in what we do would spoil every one. */
async function inRounds(isClose: (value: number) => boolean, measure: (round: number) => Promise<number>) {
  const values: number[] = []
  while (values.length < 4 && !values.some(isClose)) values.push(await measure(values.length))
  return values
}

const show = (values: number[]): string => values.map(value => value.toFixed(3)).join(', ')

const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number
