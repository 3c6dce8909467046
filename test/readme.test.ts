import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { errorCodes, errorStatus } from '../src/errors.ts'
import { withSettingsTable } from '../tools/settings-table.ts'
import { build, client } from './helper.ts'

const root = join(import.meta.dirname, '..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const documented = 'http://127.0.0.1:8000'

/** The fenced code blocks of a section, with their languages. */
function blocks(heading: string): { language: string; code: string }[] {
  const section = readme.split(/^## /m).find(part => part.startsWith(heading)) ?? ''
  return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language = '', code = '']) => ({
    language,
    code
  }))
}

t.test('the table of settings is the one that the options give (npm run docs)', async t => {
  t.equal(readme, withSettingsTable(readme))
})

t.test('the commands of the tour give the answers that stand below them', async t => {
  const app = await build(t, { publicUrl: documented })
  const address = await app.listen({ port: 0 })
  const tour = blocks('The tour')
  const commands = tour.filter(({ language }) => language === 'sh').map(({ code }) => code)
  const script = commands.join('printf "\\n=====\\n"\n').replaceAll(documented, address)
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: t.testdir() })
  const printed = stdout.split('\n=====\n').map(text => text.trim())
  for (const [at, { language, code }] of tour.entries()) {
    if (language === 'sh') continue
    const answer = printed[tour.slice(0, at).filter(block => block.language === 'sh').length - 1] ?? ''
    if (language === 'text') t.equal(answer, code.trim())
    else t.same(shape(JSON.parse(answer)), shape(JSON.parse(code)), code.slice(0, 60))
  }
})

/** What of an answer does not change from run to run: its keys, its types, and the texts that name no moment. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape)
  if (value && typeof value === 'object') return Object.entries(value).map(([key, inner]) => [key, shape(inner)])
  if (typeof value === 'string') return /^eyJ|^[0-9a-f]{8}-|^\d{4}-\d\d-\d\dT/.test(value) ? 'varies' : value
  return value
}

t.test('the code for other services checks a token with the published keys', async t => {
  const app = await build(t, { publicUrl: documented })
  const address = await app.listen({ port: 0 })
  const http = client(app)
  await http.register()
  const { access } = await http.login()
  const [sample] = blocks('Beside your application')
  const folder = t.testdir({ node_modules: t.fixture('symlink', join(root, 'node_modules')) })
  const file = join(folder, 'caller.mjs')
  const code = sample?.code.replace("'/.well-known/jwks.json', issuer", `'/.well-known/jwks.json', '${address}'`) ?? ''
  await writeFile(file, code)
  const { caller } = await import(pathToFileURL(file).href)
  t.match(await caller(access), { name: 'ada', roles: [] })
  await t.rejects(caller(`${access.slice(0, -4)}AAAA`))
})

t.test('the table of endpoints has every route, and no other', async t => {
  const app = await build(t, { authMetrics: 'on' })
  const section = readme.split('## Endpoints')[1]?.split('| status |')[0] ?? ''
  const paths = [...section.matchAll(/(GET|POST|PATCH|DELETE) ((?:\/\S+?)(?:, \/\S+?)*) \|/g)].flatMap(
    ([, method, list = '']) => list.split(', ').map(path => `${method} ${path}`)
  )
  const { paths: operations } = app.swagger() as { paths: Record<string, Record<string, unknown>> }
  const routes = Object.entries(operations).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`)
  )
  t.same(paths.filter(path => !/ \/(docs|account)\b/.test(path)).sort(), routes.sort())
})

t.test('the table of errors has every code with its status', async t => {
  const listed = readme.split('| status | code |')[1] ?? ''
  for (const code of errorCodes.filter(code => code !== 'internal_error')) {
    const line = listed.split('\n').find(row => row.includes(`\`${code}\``)) ?? ''
    t.match(line, new RegExp(`^\\|.*\\b${errorStatus(code)}\\b.*\\|`), code)
  }
})
