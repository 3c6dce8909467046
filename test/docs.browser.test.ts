import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { build } from './helper.ts'
import { launch, skip } from './pages/browser.ts'

// A browser without a graphics card draws slowly where other work goes on.
t.setTimeout(110_000)

t.test('Swagger UI in a browser', { skip, timeout: 100_000 }, async t => {
  const browser = await launch(t)

  await t.test('a person registers, logs in, authorizes, sees the own account and logs out', async t => {
    const { page, origin, requests, complaints } = await open(t, browser, '')
    t.equal(await page.title(), 'Postern')
    const operation = (path: string) => operationOf(page, path)

    const registered = await operation('/api/register/').execute()
    t.match(registered, { status: '201', body: { username: 'ada', email: 'ada@example.com' } })

    const refused = await operation('/api/protected/').execute()
    t.match(refused, { status: '401', body: { code: 'not_authenticated' } })

    const login = await operation('/api/login/').execute()
    t.match(login, { status: '200', body: { token_type: 'Bearer' } })

    await authorize(page, login.body.access)
    const seen = await operation('/api/protected/').execute()
    t.match(seen, { status: '200', body: { message: 'Hello, ada.', user: { id: registered.body.id } } })

    const logout = await operation('/api/logout/').execute({ refresh: login.body.refresh })
    t.same(logout, { status: '204', body: undefined })

    const ended = await operation('/api/protected/').execute()
    t.match(ended, { status: '401', body: { code: 'token_not_valid' } })

    t.same([...new Set(requests.map(url => new URL(url).origin))], [origin], 'nothing is asked of anybody else')
    t.same(complaints, [], 'the browser has nothing to complain of, its policy neither')
  })

  await t.test('the page works under a prefix too', async t => {
    const { page, origin, requests, complaints } = await open(t, browser, '/auth')
    t.match(await operationOf(page, '/auth/api/register/').execute(), { status: '201', body: { username: 'ada' } })
    t.ok(requests.every(url => url.startsWith(`${origin}/auth/`)))
    t.same(complaints, [])
  })
})

t.test('the policy of the page lets nothing in from elsewhere and nothing inline', async t => {
  const app = await build(t)
  for (const path of ['/docs', '/docs/', '/docs/static/swagger-ui-bundle.js', '/docs/json']) {
    const { headers, statusCode } = await app.inject(path)
    t.equal(statusCode, 200, path)
    const policy = `${headers['content-security-policy']}`
    t.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, path)
    t.notMatch(policy, /unsafe|https?:|\*|upgrade-insecure-requests/, path)
    t.match(policy, /frame-ancestors 'none'/, path)
  }
})

/** A page at the docs of a service of its own, with what it asked for and what the browser complained of. */
async function open(t: Test, browser: Browser, prefix: string) {
  const app = await build(t, {}, { prefix })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  const page = await browser.newPage({ viewport: { width: 800, height: 600 }, reducedMotion: 'reduce' })
  page.setDefaultTimeout(60_000)
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', request => requests.push(request.url()))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    const expected = /the server responded with a status of 401/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text())
  })
  t.teardown(() => page.close())
  await page.goto(`${origin}${prefix}/docs`)
  return { page, origin, requests, complaints }
}

/** One operation on the page, which is folded. */
function operationOf(page: Page, path: string) {
  const block = page.locator('.opblock', { has: page.locator(`[data-path="${path}"]`) })
  const fold = block.locator('.opblock-summary-control')
  const execute = block.getByRole('button', { name: 'Execute' })
  const clear = block.getByRole('button', { name: 'Clear' })
  const answer = block.locator('.live-responses-table .response')
  const text = answer.locator('.response-col_description .highlight-code code').first()
  return {
    /** Unfolds it, sends what stands in the form or the given body, reads the answer off the page, folds it again. */
    async execute(request?: object) {
      await fold.click()
      await execute.waitFor()
      if ((await clear.count()) > 0) await clear.click()
      if (request) await block.locator('textarea').fill(JSON.stringify(request))
      await execute.click()
      const status = (await answer.locator('.response-col_status').innerText()).trim()
      const body = (await text.count()) > 0 ? JSON.parse(await text.innerText()) : undefined
      await fold.click()
      return { status, body }
    }
  }
}

async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('.auth-wrapper').getByRole('button', { name: 'Authorize' }).click()
  const dialog = page.locator('.dialog-ux')
  // Besides that of users there is a form for clients.
  const form = dialog.locator('.auth-container').filter({ has: page.getByLabel('auth-bearer-value') })
  await form.getByLabel('auth-bearer-value').fill(token)
  await form.getByRole('button', { name: 'Apply credentials' }).click()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
}
