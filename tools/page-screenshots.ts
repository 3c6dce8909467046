import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { buildServer } from '../src/server.ts'

// Makes the pictures of docs/pages.md: tools/node/run node tools/page-screenshots.ts
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } }
const PAGES = ['verify-email', 'reset-password', 'change-email', 'login', 'accept-invite']
const folder = join(import.meta.dirname, '../docs/screenshots')

const dataDir = await mkdtemp(join(tmpdir(), 'postern-pages-'))
const publicUrl = 'https://auth.example.com'
const app = buildServer({ databaseUrl: 'sqlite::memory:', dataDir, publicUrl, logLevel: 'silent' })
const origin = await app.listen({ host: '127.0.0.1', port: 0 })
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--headless=new', '--no-sandbox', '--disable-gpu'] })

for (const [size, viewport] of Object.entries(SIZES)) {
  const context = await browser.newContext({ viewport, colorScheme: 'light' })
  for (const name of PAGES) await shoot(context, name, `${name}-${size}`, '#token=x')
  await shoot(context, 'reset-password', `reset-password-code-${size}`, '')
  await context.close()
}
await browser.close()
await app.close()
await rm(dataDir, { recursive: true })

async function shoot(context: BrowserContext, name: string, file: string, fragment: string): Promise<void> {
  const page = await context.newPage()
  await page.goto(`${origin}/account/${name}${fragment}`)
  await page.screenshot({ path: join(folder, `${file}.png`) })
  await page.close()
}
