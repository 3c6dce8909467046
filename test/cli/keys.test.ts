import t, { type Test } from 'tap'
import { serve } from '../process.ts'
import { inFolder, postern, until } from './process.ts'

const commands = (t: Test, folder: string, settings = {}) => {
  const env = inFolder(folder, settings)
  const run = (...args: string[]) => postern(t, ['keys', ...args], { env })
  return {
    run,
    async rows(...args: string[]) {
      const { code, stdout, stderr } = await run(...args, '--json')
      t.same([code, stderr], [0, ''])
      return stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
    }
  }
}

const published = async (url: string) =>
  ((await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: Array<{ kid: string }> }).keys.map(
    ({ kid }) => kid
  )

async function signIn(url: string): Promise<{ access: string; refresh: string }> {
  const send = (path: string) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        path === '/api/login/'
          ? { username: 'ada', password: 'correct horse' }
          : { username: 'ada', password: 'correct horse', email: 'ada@example.com' }
      )
    })
  await send('/api/register/')
  return (await send('/api/login/')).json() as Promise<{ access: string; refresh: string }>
}

const see = async (url: string, access: string) =>
  (await fetch(`${url}/api/protected/`, { headers: { authorization: `Bearer ${access}` } })).status

t.test('keys are rotated beside a running server, which takes that over, and whose tokens stay good', async t => {
  const folder = t.testdir({})
  const { url } = await serve(t, folder)
  const { access } = await signIn(url)
  const { run, rows } = commands(t, folder)
  const [current, next] = await rows('list')
  t.match(current, { algorithm: 'ES256', state: 'current', created_at: /Z$/, activated_at: /Z$/, retired_at: null })
  t.match(next, { state: 'next', activated_at: null })
  t.notMatch(JSON.stringify(current), /seal|"d"/i)

  const early = await run('rotate')
  t.same([early.code, early.stdout], [1, ''])
  t.match(early.stderr, /^postern: the next key was published .* Wait until \S+Z, or give --force\.\n$/)

  const rotated = await rows('rotate', '--force')
  t.match(rotated, [
    { kid: current.kid, state: 'retired', retired_at: /Z$/ },
    { kid: next.kid, state: 'current', activated_at: /Z$/ },
    { state: 'next' }
  ])
  const kids = rotated.map(({ kid }) => kid)
  await until(async () => (await published(url)).join() === kids.join())
  t.equal(await see(url, access), 200)
  const table = (await run('list')).stdout.split('\n')
  t.match(table[0], /^KID +ALG +STATE +CREATED +SIGNS SINCE +RETIRED$/)
  t.match(table[1], /^[\w-]{43} {2}ES256 {2}retired {2}/)
})

t.test('after keys revoke a running server refuses every access token, and sessions go on', async t => {
  const folder = t.testdir({})
  const { url } = await serve(t, folder)
  const { access, refresh } = await signIn(url)
  const { rows } = commands(t, folder, { AUTH_KEY_ALGORITHM: 'EdDSA' })
  const before = await published(url)
  const made = await rows('revoke')
  t.match(made, [
    { state: 'current', algorithm: 'EdDSA' },
    { state: 'next', algorithm: 'EdDSA' }
  ])
  await until(async () => (await see(url, access)) === 401)
  const after = await published(url)
  t.same(
    after,
    made.map(({ kid }) => kid)
  )
  t.notOk(after.some(kid => before.includes(kid)))
  const answer = await fetch(`${url}/api/refresh/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh })
  })
  t.equal(await see(url, ((await answer.json()) as { access: string }).access), 200)
})
