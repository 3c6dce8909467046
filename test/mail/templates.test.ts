import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Mail, MailKind } from '../../src/core/mail.ts'
import { createRenderer, type RenderedMail } from '../../src/mail/render.ts'
import { MAIL_VALUES } from '../../src/mail/values.ts'

const kinds = Object.keys(MAIL_VALUES) as MailKind[]
const link = 'https://auth.test/account/verify-email#token=abc_-xyz'
const friendly = {
  username: 'ada',
  link,
  code: '123456',
  valid_for: '30 minutes',
  time: '2026-01-31T12:00:00.000Z',
  ip: '203.0.113.7',
  device: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  new_email: 'ada@example.org',
  inviter: 'grace'
}
const config = { publicUrl: 'https://auth.test', authMailLocale: 'en', authMailTemplates: undefined }
const render = createRenderer(config)

const mail = (kind: MailKind, values: Mail['values'] = friendly, language?: string): Mail => ({
  kind,
  to: 'ada@example.com',
  language,
  values
})

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(friendly).filter(([name]) => !names.includes(name)))

/** The elements of a document, in order, without their attributes' values. */
const skeleton = ({ html }: RenderedMail) =>
  [...html.matchAll(/<(\/?[a-z!][a-z]*)((?:\s[^<>]*)?)>/gi)].map(([, name, rest = '']) => [
    name,
    rest.replace(/"[^"]*"/g, '""')
  ])

t.test('every mail has a subject of one line, a text and a document, and shows all that it is about', async t => {
  for (const kind of kinds) {
    const { subject, text, html, language } = await render(mail(kind))
    t.match(subject, /^[^\n]{10,70}$/, kind)
    t.match(subject, 'auth.test')
    t.equal(language, 'en')
    t.match(html, /^<!doctype html>\n<html lang="en"/)
    t.notMatch(`${subject}${text}${html}`, /\{\{|undefined|\[object/)
    const shown = new Set([...MAIL_VALUES[kind].needs, ...MAIL_VALUES[kind].may])
    for (const [name, words] of Object.entries({
      username: 'ada',
      code: '123 456',
      valid_for: '30 minutes',
      ip: '203.0.113.7',
      device: 'Firefox (Linux)',
      new_email: 'ada@example.org',
      inviter: 'grace'
    })) {
      if (!MAIL_VALUES[kind].needs.includes(name) && !text.includes(words)) continue
      t.ok(shown.has(name), `${kind} shows ${name}`)
      t.match(text, words, `${kind}: ${name} in the text`)
      t.match(html, words, `${kind}: ${name} in the document`)
    }
    if (!shown.has('link')) continue
    t.ok(text.split('\n').includes(link), `${kind}: the link has a line for itself`)
    t.equal(
      html.match(/href="https:&#x2F;&#x2F;auth\.test&#x2F;account&#x2F;verify-email#token&#x3D;abc_-xyz"/g)?.length,
      2
    )
  }
})

t.test('the table of the documentation has every mail with its values', async t => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/mail-templates.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \|.*\| ([^|]*) \|$/gm)].map(([, kind, values = '']) => {
    const [needs = '', may = ''] = values.split('(')
    const names = (list: string) => [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)
    return [kind, { needs: names(needs), may: names(may) }]
  })
  t.strictSame(Object.fromEntries(rows), MAIL_VALUES)
})

t.test('nothing that is remote, and no link to elsewhere, is in a document', async t => {
  for (const kind of kinds) {
    const { html } = await render(mail(kind))
    t.notMatch(html, /<(img|link|script|iframe|object|form|base)\b|\bsrc\s*=|url\(|@import|http-equiv/i, kind)
    for (const [, target = ''] of html.matchAll(/href="([^"]*)"/g))
      t.ok(target.replaceAll('&#x2F;', '/').startsWith('https://auth.test/account/'), `${kind}: ${target}`)
  }
})

t.test('no value gets out of its place', async t => {
  const hostile = [
    '<script>alert(1)</script>',
    `"><img src=x onerror=alert(1)> ' onmouseover='x`,
    'a\r\nBcc: eve@example.com\r\n\r\nanother body',
    'a\u2028b\u2029c\u0085d\u0000e\u000bf',
    '\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e\u061c',
    '{{link}} {{{username}}} {{#code}}x{{/code}} {{> layout}} {{=<% %>=}}',
    '<!-- ]]> --> &lt;b&gt; &#60;b&#62;',
    '\ud800 lone',
    'x'.repeat(10_000)
  ]
  for (const kind of kinds) {
    const good = await render(mail(kind))
    for (const word of hostile) {
      const values = Object.fromEntries(Object.keys(friendly).map(name => [name, word]))
      const bad = await render(mail(kind, { ...values, link: `${link}"><b>'{{x}}</b>`, device: `x/1 ${word}` }))
      t.same(skeleton(bad), skeleton(good), `${kind}: ${encodeURI(word.toWellFormed()).slice(0, 30)}`)
      t.equal(bad.text.split('\n').length, good.text.split('\n').length)
      t.notMatch(bad.subject, /[\r\n]/)
      t.notMatch(`${bad.subject}${bad.text}${bad.html}`, /[\p{Cf}\u2028\u2029\u0085\0\v\r]|\p{Cs}/u)
    }
  }
  const { text } = await render(mail('password_changed', { ...friendly, username: `O'Neil & <Söhne>` }))
  t.match(text, `Hello O'Neil & <Söhne>,`, 'what is text needs no escaping')
})

t.test('a mail that lacks a value is refused, and what may be missing leaves no trace', async t => {
  for (const kind of kinds) {
    const { needs, may } = MAIL_VALUES[kind]
    for (const name of needs)
      for (const values of [without(name), { ...friendly, [name]: '' }])
        await t.rejects(render(mail(kind, values)), { code: 'EVALUE', permanent: true }, `${kind} without ${name}`)
    const { text, html } = await render(mail(kind, without(...may)))
    t.notMatch(text + html, /Firefox|203\.0|123|From:|With:|came from|type this code|grace|\n\n\n/, kind)
  }
})

t.test('a link that does not begin with PUBLIC_URL never leaves', async t => {
  for (const elsewhere of [
    'https://auth.test.evil.example/account/login#token=x',
    'https://auth.test@evil.example/account/login',
    'https://evil.example/?https://auth.test/',
    'http://auth.test/account/login',
    '//auth.test/account/login',
    'javascript:alert(1)//https://auth.test/',
    'https://auth.test',
    'HTTPS://AUTH.TEST/account/login',
    'https://auth.test/account/login\r\nBcc: eve@example.com',
    'https://auth.test/\u202eaccount'
  ])
    for (const kind of ['login', 'password_changed'] as const)
      await t.rejects(
        render(mail(kind, { ...friendly, link: elsewhere })),
        { code: 'ELINK', permanent: true },
        elsewhere
      )
  const below = createRenderer({ ...config, publicUrl: 'https://app.test/auth' })
  await t.rejects(below(mail('login', { ...friendly, link: 'https://app.test/other/login' })), { code: 'ELINK' })
  await t.resolves(below(mail('login', { ...friendly, link: 'https://app.test/auth/account/login#token=x' })))
})

t.test('a mail that anybody can have sent to any address holds no name that somebody chose', async t => {
  for (const kind of ['verify_email', 'account_exists', 'reset_password', 'change_email', 'login'] as const) {
    const { subject, text, html } = await render(mail(kind, { ...friendly, username: 'pay.example' }))
    t.notMatch(subject + text + html, 'pay.example', kind)
  }
})

t.test('a User-Agent header becomes a name, and says nothing else to the reader', async t => {
  const browser = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0'
  for (const [device, name] of [
    [`${browser} Safari/537.36`, 'Chrome (Windows)'],
    [`${browser} Safari/537.36 Edg/150.0.0.0`, 'Edge (Windows)'],
    [`${browser} Safari/537.36 OPR/120.0.0.0`, 'Opera (Windows)'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari (iPhone)'
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)', 'macOS'],
    ['Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox (Android)'],
    ['curl/8.14.1', 'curl'],
    ['okhttp/5.1.0 (see https://pay.example)', 'okhttp'],
    ['https://pay.example call now', ''],
    ['pay.example/1.0', ''],
    ['', '']
  ] as const) {
    const { text } = await render(mail('new_device', { ...friendly, device }))
    t.equal(/^With: (.*)$/m.exec(text)?.[1] ?? '', name, device)
    t.notMatch(text, 'pay.example')
  }
})
