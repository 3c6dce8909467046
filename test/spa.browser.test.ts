import type { FastifyInstance } from 'fastify'
import type { Browser, BrowserContext, Page, Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { freePort } from '../tools/free-port.ts'
import { build, client } from './helper.ts'
import { launch, skip } from './pages/browser.ts'
import { rows } from './routes/session-service.ts'
import { site } from './spa/site.ts'

const CREDENTIALS = { username: 'ada', password: 'correct horse' }

t.setTimeout(110_000)

t.test('the example of a single-page application in a browser', { skip, timeout: 100_000 }, async t => {
  const browser = await launch(t)

  await t.test('logs in from another origin that is listed, refreshes by itself, and logs out', async t => {
    const { context, near } = await service(t, browser, ({ near }) => [near])
    const { page, said, sent } = await open(context, near)
    t.equal(await said('not logged in'), 'You are not logged in.')
    await logIn(page)
    t.equal(await said('Hello'), 'Hello, ada.')
    const kept = await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]')
    t.same(kept, ['', 0, 0], 'and the page keeps nothing')

    await context.clearCookies({ name: 'postern_access' })
    sent.length = 0
    await page.getByRole('button', { name: 'Who am I?' }).click()
    t.equal(await said('Hello'), 'Hello, ada.')
    t.same(sent, ['GET /api/protected/', 'POST /api/refresh/', 'GET /api/protected/'])

    await page.reload()
    t.equal(await said('Hello'), 'Hello, ada.')
    await page.getByRole('button', { name: 'Log out' }).click()
    t.equal(await said('not logged in'), 'You are not logged in.')
    t.same(await context.cookies(), [])
  })

  await t.test('is blocked from an origin that is not listed', async t => {
    const { app, context, near } = await service(t, browser, ({ far }) => [far])
    const { page, said } = await open(context, near)
    t.equal(await said('cannot be reached'), 'Postern cannot be reached from this page.')
    await logIn(page)
    t.equal(await said('cannot be reached'), 'Postern cannot be reached from this page.')
    t.same(await context.cookies(), [])
    t.same(await rows(app, 'sessions'), [], 'the preflight let no login through')
  })

  await t.test('is given no cookies from another site, listed or not', async t => {
    const { context, far } = await service(t, browser, ({ far }) => [far])
    const { page, said } = await open(context, far)
    t.equal(await said('not logged in'), 'You are not logged in.')
    const login = page.waitForResponse(answer => answer.url().includes('/api/login/'))
    await logIn(page)
    t.equal((await login).status(), 200)
    t.equal(await said('not logged in'), 'You are not logged in.')
    t.same(await context.cookies(), [])
  })

  await t.test('stays logged in in three tabs that refresh at the same moment', async t => {
    const { app, context, near } = await service(t, browser, ({ near }) => [near])
    const tabs = [await open(context, near), await open(context, near), await open(context, near)]
    const [first] = tabs as [(typeof tabs)[0]]
    await logIn(first.page)
    await first.said('Hello')
    for (const { page, said } of tabs) {
      await page.reload()
      await said('Hello')
    }
    for (let round = 1; round <= 2; round++) {
      await context.clearCookies({ name: 'postern_access' })
      const waiting: Route[] = []
      await context.route('**/api/refresh/', route => {
        if (waiting.push(route) === tabs.length) for (const one of waiting) void one.continue()
      })
      const answers = await Promise.all(
        tabs.map(async ({ page }) => {
          const answer = page.waitForResponse(response => response.url().endsWith('/api/refresh/'))
          await page.getByRole('button', { name: 'Who am I?' }).click()
          return (await answer).status()
        })
      )
      t.same(answers, [200, 200, 200])
      await context.unroute('**/api/refresh/')
      for (const { said } of tabs) t.equal(await said('Hello'), 'Hello, ada.')
    }
    t.match(await rows(app, 'sessions'), [{ revokedAt: null }])
  })

  await t.test('of somebody who visits another page stays as it is, whatever that page posts', async t => {
    const { app, context, near, far, publicUrl } = await service(t, browser, () => ['https://app.example.com'])
    const headers = { 'sec-fetch-site': 'same-origin' }
    await context.request.post(`${publicUrl}/api/login/?transport=cookie`, { data: CREDENTIALS, headers })
    const before = await context.cookies()
    t.equal(before.length, 2)
    const sessions = await rows(app, 'sessions')
    const answers: string[] = []
    app.server.on('request', ({ method, url }, response) => {
      if (method === 'POST') response.on('finish', () => answers.push(`${response.statusCode} ${url}`))
    })
    for (const origin of [near, far]) {
      const { page } = await open(context, `${origin}/page`)
      for (const path of ['login/?transport=cookie', 'refresh/', 'logout/', 'logout-all/', 'change-password/']) {
        const url = `${publicUrl}/api/${path}`
        await page.evaluate(blindPost(url))
        for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
          const answer = page.waitForResponse(response => response.url() === url)
          await page.setContent(formTo(url, type))
          await answer
          await page.goto(`${origin}/page`)
        }
      }
    }
    t.equal(answers.length, 40, 'all of that came here')
    t.same(
      answers.filter(answer => !/^4/.test(answer)),
      []
    )
    t.ok(answers.includes('403 /api/refresh/'), 'with cookies, from the same site')
    t.same(await context.cookies(), before)
    t.same(await rows(app, 'sessions'), sessions)
    await t.resolves(client(app).login(), 'the password is what it was')
  })
})

/** The service with ada in it, a site with the example, and a browser window for both. */
async function service(t: Test, browser: Browser, listed: (origins: { near: string; far: string }) => string[]) {
  const { callsAt, ...origins } = await site(t)
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  const app: FastifyInstance = await build(t, { publicUrl, authCorsOrigins: listed(origins) })
  await app.listen({ host: '127.0.0.1', port })
  await client(app).register()
  callsAt(publicUrl)
  const context = await browser.newContext()
  context.setDefaultTimeout(20_000)
  t.teardown(() => context.close())
  return { app, context, publicUrl, ...origins }
}

async function open(context: BrowserContext, url: string) {
  const page = await context.newPage()
  const sent: string[] = []
  page.on('request', request => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/')) sent.push(`${request.method()} ${pathname}`)
  })
  await page.goto(url)
  /** What the page says, once that holds the words. */
  const said = (words: string) => page.getByRole('status').filter({ hasText: words }).innerText()
  return { page, sent, said }
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Username').fill(CREDENTIALS.username)
  await page.getByLabel('Password').fill(CREDENTIALS.password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

/** A request that needs no preflight; its page never sees the answer. */
const blindPost = (url: string) =>
  `fetch(${JSON.stringify(url)}, { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => {})`

/** A form that is sent at once. As text/plain its field looks like JSON. */
const formTo = (url: string, type: string) =>
  `<form method=post enctype="${type}" action="${url}"><input name='{"username":"ada","password":"correct horse","x":"' value='"}'></form><script>document.forms[0].submit()</script>`
