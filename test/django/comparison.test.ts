import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Answer, describe } from './answer.ts'
import { differences, headers } from './differences.ts'
import { logins } from './logins.ts'
import { asMarkdown } from './markdown.ts'
import { skipUnlessDebians } from './server.ts'
import { djangoSide, posternSide, type Side } from './sides.ts'
import { tokenRequests } from './token-requests.ts'

const requests = { ...logins, ...tokenRequests }

/** Sends all requests to one side, one after the other; the answers in their order. */
async function ask(start: Promise<Side>): Promise<Array<[name: string, answer: Answer]>> {
  const side = await start
  const answers: Array<[string, Answer]> = []
  for (const [name, make] of Object.entries(requests))
    answers.push([name, await describe(await side.send(await make(side)))])
  return answers
}

t.test(
  'Postern answers every request as SimpleJWT does, but for what is listed',
  { skip: skipUnlessDebians },
  async t => {
    const [django, postern] = await Promise.all([ask(djangoSide(t)), ask(posternSide(t))])
    t.ok(django.length >= 100, 'there are many requests')
    const found = postern.flatMap(([name, { line }], at) => {
      const theirs = django[at]?.[1].line ?? ''
      return line === theirs ? [] : [[name, [theirs, line]] as const]
    })
    const listed = Object.assign({}, ...differences.map(({ answers }) => answers))
    t.same(Object.fromEntries(found), listed, 'what differs is what is listed, with these answers')
    compareHeaders(t, django, postern)
  }
)

function compareHeaders(t: Test, django: Array<[string, Answer]>, postern: Array<[string, Answer]>): void {
  for (const [at, [name, { headers: ours }]] of postern.entries()) {
    const [, { line, headers: theirs }] = django[at] as [string, Answer]
    // What is no answer of REST framework, but of Django, has its own.
    if (/^(301|200 a page)/.test(line)) continue
    const added = Object.keys(ours).filter(key => !(key in theirs))
    t.same(added.toSorted(), headers.postern, name)
    const unlike = Object.keys(theirs).filter(key => ours[key] !== theirs[key])
    t.same(unlike, headers.unlike, name)
  }
}

t.test('every listed request is one that is sent, and listed once', async t => {
  const names = differences.flatMap(({ answers }) => Object.keys(answers))
  t.same(names.toSorted(), [...new Set(names)].toSorted())
  for (const name of names) t.ok(name in requests, name)
})

t.test('docs/django-differences.md has the same list', async t => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/django-differences.md'), 'utf8')
  const [, list = ''] = page.split('<!-- differences -->\n')
  t.equal(list, asMarkdown())
  for (const name of [...headers.postern, ...headers.unlike]) t.match(page.toLowerCase(), `\`${name}\``, name)
  const counted = /sends (\d+) requests/.exec(page)?.[1]
  t.equal(Number(counted), Object.keys(requests).length)
})
