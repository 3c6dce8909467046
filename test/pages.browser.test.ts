import t from 'tap'
import { launch, openWindow, skip } from './pages/browser.ts'
import { type Brought, service } from './pages/service.ts'
import { formOf, visit } from './pages/visit.ts'

const WINDOWS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

// A browser without a graphics card draws slowly where other work goes on.
t.setTimeout(110_000)

for (const [name, size] of Object.entries(WINDOWS)) {
  for (const javaScriptEnabled of [true, false]) {
    const way = `${name}, ${javaScriptEnabled ? 'with' : 'without'} scripts`
    t.test(`in a browser: ${way}`, { skip, timeout: 100_000 }, async t => {
      const browser = await launch(t)
      const authAppUrl = 'http://127.0.0.1:9/app'
      const found = await service(t, { authAppUrl })
      const { http, publicUrl, ask, user, mails, app } = found
      const look = { ...size, javaScriptEnabled }
      const { page, open, press, heading, alert, leave } = await visit(t, browser, look, found)
      const wrong = (mail: Brought) => ({ ...mail, link: `${mail.link}x`, token: `${mail.token}x`, code: 'AAAA-AAAA' })

      await t.test('an address is confirmed, once, and not with a wrong proof', async t => {
        const mail = await ask('verify_email')
        await open(wrong(mail))
        await press('Confirm this address')
        t.match(await alert(), 'does not work')
        t.match(await page.title(), /^Error: Confirm your e-mail address/)
        t.equal((await user())?.emailVerified, false)
        await open(mail)
        await press('Confirm this address')
        t.equal(await heading(), 'Address confirmed')
        t.match(await page.title(), /^Address confirmed/)
        t.equal(await page.getByRole('link', { name: 'Continue' }).getAttribute('href'), authAppUrl)
        t.equal((await user())?.emailVerified, true)
        await open(mail)
        await press('Confirm this address')
        t.match(await alert(), 'used already')
      })

      await t.test('a password is set; a weak one is refused at its field and burns nothing', async t => {
        const mail = await ask('reset_password')
        await open(mail)
        const password = formOf(page).getByLabel('New password')
        await password.fill('password123')
        await press('Set the password')
        t.equal(await password.getAttribute('aria-invalid'), 'true')
        t.equal(await page.locator(':focus').getAttribute('name'), 'new_password', 'the focus is there')
        t.match(await page.locator('#confirm-new_password-error').innerText(), 'too common')
        t.equal(await password.inputValue(), javaScriptEnabled ? 'password123' : '', 'kept, but never sent back')
        await password.fill(`a longer one: ${way}`)
        await press('Set the password')
        t.equal(await heading(), 'Password set')
        t.ok((await http.login('ada', `a longer one: ${way}`)).access)
      })

      await t.test('a mail is asked for on the page, and its code typed there', async t => {
        await page.goto(`${publicUrl}/account/reset-password`)
        const before = mails.filter(({ kind }) => kind === 'reset_password').length
        await page.locator('form:not([data-proof])').getByLabel('E-mail address').fill('ada@example.com')
        await press('Send me a mail')
        t.match(await page.getByRole('status').innerText(), 'a mail is on its way')
        t.equal(await formOf(page).getByLabel('E-mail address').inputValue(), 'ada@example.com')
        while (mails.filter(({ kind }) => kind === 'reset_password').length === before) await page.waitForTimeout(10)
        await formOf(page)
          .getByLabel('Code')
          .fill(`${mails.at(-1)?.values.code}`)
        await formOf(page).getByLabel('New password').fill('correct horse')
        await press('Set the password')
        t.equal(await heading(), 'Password set')
      })

      await t.test('somebody is logged in, in this browser', async t => {
        const mail = await ask('login')
        await open(wrong(mail))
        await press('Log in')
        t.match(await alert(), 'does not work')
        t.equal((await page.context().cookies()).length, 0)
        await open(mail)
        await press('Log in')
        t.equal(await heading(), 'Logged in')
        t.equal(await page.getByRole('link', { name: 'Continue' }).getAttribute('href'), authAppUrl)
        const answer = await page.context().request.get(`${publicUrl}/api/protected/`)
        t.equal((await answer.json()).message, 'Hello, ada.')
        await page.context().clearCookies()
      })

      await t.test('a new address is confirmed', async t => {
        await open(await ask('change_email'))
        await press('Change the address')
        t.equal(await heading(), 'Address changed')
        t.equal((await user())?.email, 'ada@new.example')
      })

      await t.test('an invitation becomes an account; what is wrong is said at its field', async t => {
        await open(await ask('invite'))
        await page.getByLabel('User name').fill('ada')
        await page.getByLabel('Password').fill('correct horse')
        await press('Create the account')
        t.match(await page.locator('#confirm-username-error').innerText(), 'exists already')
        await page.getByLabel('User name').fill('grace')
        await page.getByLabel('Password').fill('correct horse')
        await press('Create the account')
        t.equal(await heading(), 'Account created')
        t.ok((await http.login('grace')).access)
      })

      await t.test('somebody says that an account is not theirs', async t => {
        await http.register('eve')
        const { core } = app
        while (!mails.some(({ to }) => to === 'eve@example.com')) await page.waitForTimeout(10)
        const { link = '', code = '' } = mails.findLast(({ to }) => to === 'eve@example.com')?.values ?? {}
        await open({ link, code, token: link.split('token=')[1] ?? '', email: 'eve@example.com' })
        await press('This was not me')
        t.equal(await heading(), 'Address removed')
        t.equal((await core.users.findByUsername('eve'))?.email, null)
      })

      leave()
    })
  }
}

t.test('in a browser: beside the walk', { skip, timeout: 100_000 }, async t => {
  const browser = await launch(t)
  const look = { ...WINDOWS.phone, javaScriptEnabled: true }

  await t.test('opening a link uses nothing up, even where scripts run', async t => {
    const { publicUrl, ask, http } = await service(t)
    const mail = await ask('verify_email')
    const { page, sent } = await openWindow(t, browser, look)
    await page.goto(mail.link)
    await page.mouse.move(100, 200)
    await page.waitForTimeout(300)
    t.ok(sent.every(url => url.startsWith(publicUrl)))
    t.equal(sent.filter(url => url.includes('/api/')).length, 0)
    t.equal((await http.post('/api/verify-email/', { token: mail.token })).statusCode, 200)
  })

  await t.test('everything works below a prefix, in the dark and with the keyboard alone', async t => {
    const found = await service(t, {}, { prefix: '/auth' })
    const { ask, http } = found
    const { page, open, heading, leave } = await visit(t, browser, { ...look, colorScheme: 'dark' }, found)
    await open(await ask('reset_password'))
    await page.keyboard.press('Tab')
    await page.keyboard.type('a longer one')
    await page.keyboard.press('Tab')
    t.equal(await page.locator(':focus').innerText(), 'Set the password')
    t.not(await page.evaluate('getComputedStyle(document.activeElement).boxShadow'), 'none', 'one sees where one is')
    await page.keyboard.press('Enter')
    await page.getByRole('status').getByText('Your new password is set').waitFor()
    t.equal(await heading(), 'Password set')
    t.equal(await page.locator('h1:focus').count(), 1)
    t.ok((await http.login('ada', 'a longer one')).access)
    leave()
  })

  await t.test('a form that another site sends changes nothing', async t => {
    const { publicUrl, ask, user } = await service(t)
    const { email, code } = await ask('verify_email')
    const { page } = await openWindow(t, browser, look)
    const fields = Object.entries({ email, code }).map(([name, value]) => `<input name="${name}" value="${value}">`)
    await page.goto('about:blank')
    await page.setContent(
      `<form method="post" action="${publicUrl}/account/verify-email">${fields.join('')}<button>Go</button></form>`
    )
    await page.getByRole('button').click()
    await page.getByRole('alert').getByText('This did not work').waitFor()
    t.equal((await user())?.emailVerified, false)
  })
})
