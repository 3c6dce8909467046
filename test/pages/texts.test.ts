import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Options } from '../../src/config.ts'
import { loadPageFiles } from '../../src/pages/files.ts'
import { build } from '../helper.ts'

const shipped = join(import.meta.dirname, '../../src/pages/files/texts.en.json')
const english = JSON.parse(readFileSync(shipped, 'utf8')) as Record<string, string>
const german = Object.fromEntries(Object.entries(english).map(([key, text]) => [key, `DE ${text}`]))

/** The service with such files for its pages. */
function withFiles(t: Test, files: Record<string, string>, options: Options = {}) {
  const folder = t.testdir({ files, data: {} })
  const data = { databaseUrl: 'sqlite::memory:', dataDir: join(folder, 'data') }
  return build(t, { ...data, authPageFiles: join(folder, 'files'), ...options })
}

t.test('a further language is spoken to whoever asks for it, and single texts are replaced', async t => {
  const files = {
    'texts.de.json': `\uFEFF${JSON.stringify(german)}`,
    'texts.en.json': '{"verify-email.title": "Hello from <{{service}}> & {{password_min}}"}',
    '.gitkeep': ''
  }
  const app = await withFiles(t, files, { authPasswordPolicy: 'nist' })
  const get = async (language = '') =>
    (await app.inject({ url: '/account/verify-email', headers: { 'accept-language': language } })).body
  t.match(await get('de-AT, en;q=0.5'), '<html lang="de">')
  t.match(await get('de'), 'DE Press the button')
  t.match(await get('fr'), '<html lang="en">')
  t.match(await get(), '<h1 tabindex="-1">Hello from &#60;auth.test&#62; &#38; 15</h1>')
  t.match(await get(), 'Press the button', 'what is not replaced stays')
})

t.test('style sheets of a folder take the place of ours', async t => {
  const app = await withFiles(t, { 'style.css': 'h1 { color: red }', 'base.css': 'p { color: blue }' })
  const { body } = await app.inject('/account/login')
  const sheets = [...body.matchAll(/stylesheet" href="([^"]+)"/g)].map(([, url = '']) => url)
  const texts = await Promise.all(sheets.map(async url => (await app.inject(url)).body))
  t.same(texts, ['p { color: blue }', 'h1 { color: red }'])
})

t.test('a folder that cannot be used stops the start with one sentence that names the file', async t => {
  const incomplete = Object.fromEntries(Object.entries(german).slice(1))
  const cases: [files: Record<string, string>, said: RegExp][] = [
    [{ 'texts.en.json': '{' }, /texts\.en\.json: it is not JSON/],
    [{ 'texts.en.json': '[]' }, /texts\.en\.json: it is no object of texts/],
    [{ 'texts.en.json': '{"nothing": "x"}' }, /texts\.en\.json: there is no text nothing/],
    [{ 'texts.en.json': '{"constructor": "x"}' }, /there is no text constructor/],
    [{ 'texts.en.json': '{"error": ""}' }, /the text error is empty/],
    [{ 'texts.en.json': '{"error": 5}' }, /the text error is empty, or no text/],
    [{ 'texts.en.json': '{"error": "{{nobody}}"}' }, /in the text error, there is no value nobody/],
    [{ 'texts.en.json': '{"error": "{{#open}}"}' }, /in the text error, it is no Mustache template/],
    [{ 'texts.de.json': JSON.stringify(incomplete) }, /texts\.de\.json: a language needs all its texts.*: error\./],
    [{ 'texts.pt_br.json': '{}' }, /texts\.pt_br\.json: names are/],
    [{ 'styles.css': '' }, /styles\.css: names are texts\.LANGUAGE\.json/]
  ]
  const folder = t.testdir({ ...Object.fromEntries(cases.map(([files], at) => [at, files])), data: {} })
  for (const [at, [, message]] of cases.entries())
    t.throws(() => loadPageFiles({ authPageFiles: join(folder, `${at}`) }), { message, name: 'StartError' })
  const authPageFiles = join(folder, 'missing')
  const message = /AUTH_PAGE_FILES: .*missing: the folder cannot be read \(ENOENT\)/
  const starting = build(t, { databaseUrl: 'sqlite::memory:', dataDir: join(folder, 'data'), authPageFiles })
  await t.rejects(starting, { message, name: 'StartError' })
})
