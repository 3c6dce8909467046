import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dictionary } from '@zxcvbn-ts/language-common'
import t from 'tap'
import { type Options, resolveConfig } from '../src/config.ts'
import { createPasswordPolicy } from '../src/core/password-policy.ts'
import { build } from './helper.ts'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs/security.md'), 'utf8')

/** ASVS 5.0: all of levels 1 and 2 of chapters 6, 7, 9 and 16, and five items of level 3. */
const REQUIRED = `
  6.1.1 6.1.2 6.1.3 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.10 6.2.11 6.2.12 6.3.1 6.3.2 6.3.3 6.3.4
  6.3.8 6.4.1 6.4.2 6.4.3 6.4.4 6.4.6 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2 6.6.3 6.8.1 6.8.2 6.8.3 6.8.4
  7.1.1 7.1.2 7.1.3 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2 7.6.1 7.6.2 8.3.2
  9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4 11.2.4 15.4.2
  16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3
`
  .trim()
  .split(/\s+/)

/** The table of requirements, row by row. */
const rows = [...text.matchAll(/^\| (\d+\.\d+\.\d+) \|(.*)\|(.*)\|(.*)\|(.*)\|$/gm)].map(([, id = '', ...cells]) => {
  const [requirement = '', verdict = '', how = '', shown = ''] = cells.map(cell => cell.trim())
  return { id, requirement, verdict, how, shown }
})

/** The files that a row names, each with the tests in it that are quoted behind it. */
const evidence = (shown: string) =>
  [...shown.matchAll(/`([^`]+)`((?: "[^"]+")*)/g)].map(([, file = '', quoted = '']) => ({
    file,
    names: [...quoted.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name)
  }))

t.test('the table has every requirement that it must have, once, and no other', async t => {
  t.same(
    rows.map(({ id }) => id),
    REQUIRED
  )
})

t.test('each requirement is met, and by what, or is not, and why', async t => {
  for (const { id, requirement, verdict, how, shown } of rows) {
    t.match(verdict, /^(met|not met|not applicable)$/, id)
    t.ok(requirement, id)
    if (verdict === 'met') t.not(evidence(shown).length, 0, `${id} names what shows it`)
    else t.ok(how, `${id} says why`)
  }
})

t.test('every test that is named is there', async t => {
  for (const { id, shown } of rows) {
    t.equal(shown.replaceAll(/`[^`]+`(?: "[^"]+")*/g, '').replaceAll(/[,; ]/g, ''), '', `${id} names files and tests`)
    for (const { file, names } of evidence(shown)) {
      if (!t.ok(existsSync(join(root, file)), `${id}: ${file}`)) continue
      t.equal(file.endsWith('.test.ts'), names.length > 0, `${id}: a test file is named with its test`)
      const content = readFileSync(join(root, file), 'utf8')
      for (const name of names)
        t.ok(content.includes(`test('${name}'`) || content.includes(`test("${name}"`), `${file}: ${name}`)
    }
  }
})

t.test('every link leads to a document, and to a heading in it', async t => {
  const links = [...text.matchAll(/\]\(([^)#]*)(?:#([^)]+))?\)/g)]
  t.ok(links.length > 10)
  for (const [link, path = '', heading] of links) {
    const target = path === '' ? join(root, 'docs/security.md') : join(root, 'docs', path)
    if (!t.ok(existsSync(target), link) || !heading) continue
    const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-')
    )
    t.ok(headings.includes(heading), link)
  }
  for (const page of ['README.md', 'SECURITY.md'])
    t.ok(readFileSync(join(root, page), 'utf8').includes('(docs/security.md)'), page)
})

t.test('the list of common passwords is as long as it is said to be', t => {
  const refused = (options: Options) => {
    const policy = createPasswordPolicy(resolveConfig(options))
    const common = (dictionary['passwords-common'] as string[]).filter(password =>
      policy.problems(password, { username: 'ada', email: null }).includes('This password is too common.')
    )
    return common.length.toLocaleString('en')
  }
  const how = rows.find(({ id }) => id === '6.2.4')?.how ?? ''
  t.match(how, `${refused({})} of the bundled list fit the default`)
  t.match(how, `Of 15 characters and more it has ${refused({ authPasswordPolicy: 'nist' })}:`)
  t.end()
})

t.test('a new service has no account', async t => {
  const app = await build(t)
  const users = []
  for await (const user of app.core.users.all()) users.push(user)
  t.same(users, [])
})

t.test('every password field is masked, may be pasted into and is known to password managers', async t => {
  const app = await build(t)
  const fields: string[] = []
  for (const page of ['reset-password', 'accept-invite']) {
    const { body } = await app.inject(`/account/${page}`)
    for (const [field] of body.matchAll(/<input[^>]*name="[^"]*password"[^>]*>/g)) {
      fields.push(field)
      t.match(field, / type="password"/)
      t.match(field, / autocomplete="new-password"/)
    }
    const script = /src="([^"]+)"/.exec(body)?.[1] ?? ''
    t.notMatch((await app.inject(script)).body, /['"](paste|keydown|keypress|beforeinput)['"]|\.on(paste|key)/)
  }
  t.equal(fields.length, 2)
})
