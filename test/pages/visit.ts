import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import { barriers, type Look, openWindow } from './browser.ts'
import type { Brought, service } from './service.ts'

/** What somebody can do at a page. */
export interface Visit {
  page: Page
  /** Opens the link of a mail; without scripts types address and code instead. */
  open(mail: Brought): Promise<void>
  press(button: string): Promise<void>
  heading(): Promise<string>
  alert(): Promise<string>
}

/** Somebody with a window, who is told of everything that went wrong in it when they leave. */
export async function visit(
  t: Test,
  browser: Browser,
  look: Look,
  { publicUrl: base, received }: Awaited<ReturnType<typeof service>>
): Promise<Visit & { leave(): void }> {
  const { page, sent, complaints } = await openWindow(t, browser, look)
  const secrets: string[] = []
  const scripts = look.javaScriptEnabled
  return {
    page,
    async open(mail) {
      secrets.push(mail.token)
      await page.goto('about:blank')
      await page.goto(mail.link)
      if (scripts) t.equal(page.url(), mail.link.split('#')[0], 'the token is out of the address bar')
      else await type(page, mail)
      if (scripts) t.same(await barriers(page), [], page.url())
    },
    async press(button) {
      const answered = scripts
        ? page.waitForResponse(answer => answer.request().method() === 'POST')
        : page.waitForEvent('load')
      await page.getByRole('button', { name: button, exact: true }).click()
      await answered
      if (scripts) await page.locator('form[aria-busy]').waitFor({ state: 'detached' })
    },
    heading: () => page.locator('h1').innerText(),
    alert: () => page.getByRole('alert').innerText(),
    leave() {
      t.same(complaints, [], 'the browser has nothing to complain of, its policy neither')
      t.same(
        sent.filter(url => !url.startsWith(`${base}/`)),
        [],
        'nothing is asked of anybody else'
      )
      t.ok(received.length > 0)
      const told = received.filter(one => secrets.some(secret => one.includes(secret)) || /,referer,/i.test(one))
      t.same(told, [], 'no address, no header and no Referer holds a token')
    }
  }
}

/** The form that takes what a mail brought. */
export const formOf = (page: Page) => page.locator('form[data-proof]')

async function type(page: Page, { email, code }: Brought): Promise<void> {
  await formOf(page).getByLabel('E-mail address').fill(email)
  await formOf(page).getByLabel('Code of the mail').fill(code)
}
