import t, { type Test } from 'tap'
import { serve } from './process.ts'

const post = async (url: string, body: object, access?: string) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(access && { authorization: `Bearer ${access}` }) },
    body: JSON.stringify(body)
  })

const opened = async (url: string, access: string) =>
  (await fetch(`${url}/api/protected/`, { headers: { authorization: `Bearer ${access}` } })).status

type Pair = { access: string; refresh: string }

const pair = async (answer: Promise<Response>) => (await (await answer).json()) as Pair

/** A service in a folder of its own, with a user and two sessions. */
async function inhabited(t: Test) {
  const folder = t.testdir()
  const first = await serve(t, folder)
  await post(`${first.url}/api/register/`, { username: 'ada', email: 'ada@example.com', password: 'correct horse' })
  const login = () => pair(post(`${first.url}/api/login/`, { username: 'ada', password: 'correct horse' }))
  const [a, b] = [await login(), await login()]
  /** Kills the service at once and starts it again. */
  const crash = async () => {
    await first.stop('SIGKILL')
    return serve(t, folder)
  }
  return { url: first.url, a, b, crash }
}

t.test('an acknowledged logout survives SIGKILL, and other sessions live on', async t => {
  const { url, a, b, crash } = await inhabited(t)
  t.equal((await post(`${url}/api/logout/`, { refresh: a.refresh })).status, 204)
  const { url: again } = await crash()
  t.equal(await opened(again, a.access), 401)
  t.equal((await post(`${again}/api/refresh/`, { refresh: a.refresh })).status, 401)
  t.equal(await opened(again, b.access), 200, 'the keys are the same as before')
  t.equal((await post(`${again}/api/refresh/`, { refresh: b.refresh })).status, 200)
})

t.test('a refresh whose answer was lost in a crash converges when it is retried', async t => {
  const { url, a, crash } = await inhabited(t)
  const before = await pair(post(`${url}/api/refresh/`, { refresh: a.refresh }))
  const { url: again } = await crash()
  const after = await pair(post(`${again}/api/refresh/`, { refresh: a.refresh }))
  t.equal(after.refresh, before.refresh, 'the same successor, also from another process')
  t.equal((await post(`${again}/api/refresh/`, { refresh: after.refresh })).status, 200)
})

t.test('a session that reuse has ended stays ended after a crash', async t => {
  const { url, a, crash } = await inhabited(t)
  const second = await pair(post(`${url}/api/refresh/`, { refresh: a.refresh }))
  const third = await pair(post(`${url}/api/refresh/`, { refresh: second.refresh }))
  t.equal((await post(`${url}/api/refresh/`, { refresh: a.refresh })).status, 401)
  const { url: again } = await crash()
  t.equal((await post(`${again}/api/refresh/`, { refresh: third.refresh })).status, 401)
  t.equal(await opened(again, third.access), 401)
})

t.test('an acknowledged password change survives SIGKILL with everything that it ended', async t => {
  const { url, a, b, crash } = await inhabited(t)
  const change = { old_password: 'correct horse', new_password: 'battery staple' }
  t.equal((await post(`${url}/api/change-password/`, change, a.access)).status, 200)
  const { url: again } = await crash()
  t.equal((await post(`${again}/api/login/`, { username: 'ada', password: 'correct horse' })).status, 401)
  t.equal((await post(`${again}/api/login/`, { username: 'ada', password: 'battery staple' })).status, 200)
  t.equal((await post(`${again}/api/refresh/`, { refresh: b.refresh })).status, 401)
  t.equal((await post(`${again}/api/refresh/`, { refresh: a.refresh })).status, 200)
})
