import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = process.env.CHROMIUM ?? PLACES.find(place => existsSync(place))
const required = process.env.POSTERN_REQUIRE_BROWSER === '1'

/** Why the tests in a browser are left out; false where they are not. */
export const skip =
  executablePath || required ? false : `no browser: set CHROMIUM, or install one at ${PLACES.join(' or ')}`

const ARGUMENTS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // No name resolves: whatever the page needs must come from the service.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'
]

/** A browser, until the test ends. */
export async function launch(t: Test): Promise<Browser> {
  if (!executablePath) throw new Error('POSTERN_REQUIRE_BROWSER is 1, but there is no browser')
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS, timeout: 60_000 })
  t.teardown(() => browser.close())
  return browser
}

/** How somebody looks at the pages. */
export interface Look {
  width: number
  height: number
  javaScriptEnabled: boolean
  colorScheme?: 'light' | 'dark'
}

/** A window of its own, with where it sent requests and what the browser complained of. */
export async function openWindow(t: Test, browser: Browser, { width, height, ...look }: Look) {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce', ...look })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const sent: string[] = []
  const complaints: string[] = []
  page.on('request', request => sent.push(request.url()))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    const expected = /the server responded with a status of 400/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text())
  })
  return { page, sent, complaints }
}

const CHECKS = readFileSync(join(import.meta.dirname, 'barriers.js'), 'utf8')

/** What somebody who cannot see the page, or has no mouse, would miss. */
export const barriers = (page: Page): Promise<string[]> => page.evaluate(CHECKS)
