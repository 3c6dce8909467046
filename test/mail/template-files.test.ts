import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Options } from '../../src/config.ts'
import type { MailKind } from '../../src/core/mail.ts'
import { createRenderer } from '../../src/mail/render.ts'
import { build } from '../helper.ts'

const german = {
  'password_changed.de.subject.mustache': 'Ihr Passwort bei {{service}} wurde geändert\n',
  'password_changed.de.text.mustache': 'Hallo {{username}},\n\num {{time}}.\n\n{{reset_link}}\n',
  'password_changed.de.html.mustache': '<p>Hallo {{username}}, um {{time}}: <a href="{{reset_link}}">hier</a></p>\n',
  'login.de.subject.mustache': 'Anmelden\n',
  'login.de.text.mustache': '{{link}}\n\nNoch {{valid_for}}.\n',
  'login.de.html.mustache': '<p><a href="{{link}}">Anmelden</a></p>\n'
}
const values = {
  username: 'ada',
  time: '2026-01-31T12:00:00.000Z',
  device: 'curl/8.14.1',
  link: 'https://auth.test/account/login#token=x',
  valid_for: '24 hours',
  code: 'ABCD-EFGH',
  inviter: 'grace'
}

/** A renderer over a folder of these files. */
function renderer(t: Test, files: Record<string, string>, authMailLocale = 'en') {
  const folder = t.testdir(files)
  const render = createRenderer({ publicUrl: 'https://auth.test', authMailLocale, authMailTemplates: folder })
  return (kind: MailKind, language?: string) => render({ kind, to: 'ada@example.com', language, values })
}

t.test('a language that somebody adds is spoken to whoever asks for it, in its own forms', async t => {
  const render = renderer(t, german)
  const mail = await render('password_changed', 'de')
  t.equal(mail.subject, 'Ihr Passwort bei auth.test wurde geändert')
  t.equal(mail.text, 'Hallo ada,\n\num 31. Januar 2026 um 12:00 UTC.\n\nhttps://auth.test/account/reset-password\n')
  t.match(mail.html, '<html lang="de"')
  t.match(mail.html, '<p>Hallo ada, um 31. Januar 2026 um 12:00 UTC:')
  t.equal(mail.language, 'de')
  t.match((await render('login', 'de')).text, 'Noch 24 Stunden.')
})

t.test('an Accept-Language header chooses among the languages that there are', async t => {
  const brazilian = Object.fromEntries(
    Object.entries(german).map(([name, words]) => [name.replace('.de.', '.pt-BR.'), words])
  )
  const files = { ...german, ...brazilian }
  const [english, inGerman] = [renderer(t, files), renderer(t, files, 'de-AT')]
  for (const [header, language, whereGermanIsUsual = language] of [
    ['de', 'de'],
    ['de-AT, en;q=0.5', 'de'],
    ['DE-de', 'de'],
    ['fr, de;q=0.8, en;q=0.7', 'de'],
    ['en;q=0.2, de;q=0.1', 'en'],
    ['en-GB', 'en'],
    ['pt', 'pt-BR'],
    ['pt-PT, pt;q=0.9', 'pt-BR'],
    ['de;q=0, en', 'en'],
    ['*', 'en', 'de'],
    [undefined, 'en', 'de'],
    ['', 'en', 'de'],
    ['fr, ja', 'en', 'de'],
    [';;;=,,,q', 'en', 'de'],
    ['__proto__, constructor;q=x', 'en', 'de'],
    [`${'x-'.repeat(4_000)}`, 'en', 'de'],
    [`${'fr,'.repeat(4_000)}de`, 'de']
  ] as const) {
    const name = `${header}`.slice(0, 40)
    t.equal((await english('password_changed', header)).language, language, name)
    t.equal((await inGerman('password_changed', header)).language, whereGermanIsUsual, `${name}, where German is usual`)
  }
})

t.test('a mail that a language lacks is in English as a whole', async t => {
  const render = renderer(t, german, 'de')
  const { subject, text, html, language } = await render('new_device', 'de')
  t.equal(language, 'en')
  t.match(subject, 'A login to auth.test')
  t.match(text, 'January 31, 2026')
  t.match(html, '<html lang="en"')
})

t.test('a file takes the place of one part of a mail, or of what stands around all of them', async t => {
  const render = renderer(t, {
    'password_changed.en.subject.mustache': '[Example] {{username}}, your password was changed',
    'layout.html.mustache':
      '<!doctype html><html lang="{{language}}"><title>{{subject}}</title><h1>Example</h1>{{{content}}}</html>',
    '.hidden': 'of an editor'
  })
  const changed = await render('password_changed')
  t.equal(changed.subject, '[Example] ada, your password was changed')
  t.match(changed.text, 'was changed.\n\nWhen: January 31, 2026')
  t.match(changed.html, /^<!doctype html><html lang="en"><title>\[Example\] ada, your/)
  t.match((await render('login')).html, '<h1>Example</h1><p>To log in')
})

t.test('a file that cannot be used stops the start, and is named', async t => {
  const text = 'password_changed.en.text.mustache'
  const broken: Array<[name: string, content: string, problem: RegExp]> = [
    [text, '{{username', /no Mustache template: Unclosed tag/],
    [text, '{{#ip}}from', /no Mustache template: Unclosed section/],
    [text, '{{usrname}}', /no value usrname; there are device, ip, language, .*username/],
    [text, '{{#ip}}{{nothing}}{{/ip}}', /no value nothing/],
    [text, '{{^link}}no{{/link}}', /no value link/],
    [text, '{{constructor}}', /no value constructor/],
    [text, '{{.}}', /no value \./],
    [text, '{{> footer}}', /no partials/],
    [text, '{{{username}}}', /\{\{\{username\}\}\} would not be escaped; write \{\{username\}\}/],
    [text, '{{&username}}', /would not be escaped/],
    [text, ' \n', /it is empty/],
    ['login.en.text.mustache', 'Hello', /does not show link; write \{\{link\}\}/],
    ['login.en.html.mustache', '{{#link}}x{{/link}}', /does not show link/],
    ['login.en.subject.mustache', 'Log\nin', /a subject is one line/],
    ['layout.html.mustache', '<html>{{content}}</html>', /no value content/],
    ['layout.html.mustache', '<html></html>', /does not show content; write \{\{\{content\}\}\}/],
    ['pasword_changed.en.text.mustache', 'x', /no mail pasword_changed; there are verify_email, /],
    ['constructor.en.text.mustache', 'x', /no mail constructor/],
    [
      'password_changed.english.text.mustache',
      'x',
      /password_changed\.english\.subject\.mustache and .*html.* missing/
    ],
    ['password_changed.pt-br.text.mustache', 'x', /pt-br is no language tag such as en, de or pt-BR/],
    ['password_changed.de_AT.text.mustache', 'x', /de_AT is no language tag/],
    [
      'password_changed.de.text.mustache',
      'x',
      /password_changed\.de\.subject\.mustache and .*de\.html\.mustache is missing/
    ],
    ['password_changed.de.txt', 'x', /names are KIND\.LANGUAGE\.PART\.mustache/],
    ['password_changed.de.text.mustache.orig', 'x', /names are KIND/],
    ['README', 'x', /names are KIND/]
  ]
  for (const [name, content, problem] of broken) {
    const start = () => renderer(t, { [name]: content })
    t.throws(start, { name: 'StartError', message: problem }, `${name}: ${content}`)
    t.throws(start, { message: 'AUTH_MAIL_TEMPLATES: ' })
    t.throws(start, { message: name.replace(/\.text\.mustache$|\.txt$/, '') })
  }
})

t.test('the service does not start with mails that it could not send', async t => {
  const top = t.testdir({ mails: { 'login.en.text.mustache': '{{lnk}}' } })
  const folder = join(top, 'mails')
  const start = (options: Options) =>
    build(t, { databaseUrl: 'sqlite::memory:', dataDir: join(top, 'data'), ...options })
  const message = `AUTH_MAIL_TEMPLATES: ${join(folder, 'login.en.text.mustache')}: there is no value lnk`
  await t.rejects(start({ authMailTemplates: folder }), { name: 'StartError', message })
  rmSync(join(folder, 'login.en.text.mustache'))
  mkdirSync(join(folder, 'login.en.text.mustache'))
  await t.rejects(start({ authMailTemplates: folder }), { name: 'StartError', message: /cannot be read \(EISDIR\)/ })
  const missing = join(folder, 'missing')
  await t.rejects(start({ authMailTemplates: missing }), {
    name: 'StartError',
    message: /cannot be read \(ENOENT\)/
  })
  await t.rejects(start({ authMailLocale: 'de' }), {
    name: 'StartError',
    message: 'AUTH_MAIL_LOCALE: there are no mails in de, only in en; add them in the folder AUTH_MAIL_TEMPLATES.'
  })
})

t.test('a folder that is mounted from elsewhere is read, links and all', async t => {
  const folder = t.testdir({ '..data': german })
  for (const name of Object.keys(german)) symlinkSync(join('..data', name), join(folder, name))
  const render = createRenderer({ publicUrl: 'https://auth.test', authMailLocale: 'de', authMailTemplates: folder })
  t.equal((await render({ kind: 'login', to: 'ada@example.com', values })).subject, 'Anmelden')
})
