import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from '../helper.ts'
import { refused } from './answers.ts'

const fields = {
  '/api/register/': ['username', 'email', 'password'],
  '/api/login/': ['username', 'password'],
  '/api/refresh/': ['refresh'],
  '/api/logout/': ['refresh'],
  '/api/verify/': ['token'],
  '/api/change-password/': ['old_password', 'new_password']
}

let app: FastifyInstance
let authorization: string

t.before(async () => {
  app = await build(t)
  const { register, login } = client(app)
  await register()
  authorization = `Bearer ${(await login()).access}`
})

const send = (url: string, payload?: string | Buffer, type: string | undefined = 'application/json') =>
  app.inject({ method: 'POST', url, headers: { authorization, ...(type && { 'content-type': type }) }, payload })

for (const [url, names] of Object.entries(fields)) {
  const whole = Object.fromEntries(names.map(name => [name, 'correct horse']))

  t.test(`${url} says what is wrong with a body, and never fails over one`, async t => {
    for (const text of ['{"a":', '{username:"ada"}', "{'a':1}", '{"a":1,}', 'x', '{}{}', '\u0000', '']) {
      refused(t, await send(url, text), 'validation_failed', [], JSON.stringify(text))
    }
    for (const text of ['[]', 'null', '"text"', '1', 'true', '[{}]', '['.repeat(9999) + ']'.repeat(9999)]) {
      refused(t, await send(url, text), 'validation_failed', ['body'], text.slice(0, 9))
    }
    refused(t, await send(url, undefined), 'validation_failed', [], 'no body')
    refused(t, await send(url, undefined, ''), 'validation_failed', ['body'], 'neither body nor type')
    refused(t, await send(url, '{}'), 'validation_failed', names, 'empty object')
    refused(t, await send(url, '\ufeff{}'), 'validation_failed', names, 'byte order mark')
  })

  t.test(`${url} converts no value to the type that it needs`, async t => {
    for (const value of [12345678, true, null, ['correct horse'], { value: 'correct horse' }]) {
      const body = Object.fromEntries(names.map(name => [name, value]))
      refused(t, await send(url, JSON.stringify(body)), 'validation_failed', names, JSON.stringify(value))
    }
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`
    for (const name of names) {
      const body = JSON.stringify({ ...whole, [name]: 'DEEP' }).replace('"DEEP"', deep)
      refused(t, await send(url, body), 'validation_failed', [name], 'deep nesting')
    }
  })

  t.test(`${url} names every unknown field and changes nothing`, async t => {
    const foreign = { roles: ['admin'], email_verified: true, id: '1', is_staff: true }
    const body = JSON.stringify({ ...whole, ...foreign })
    refused(t, await send(url, body), 'validation_failed', Object.keys(foreign))
    const spelled = JSON.stringify({ ...whole, [names[0]?.toUpperCase() as string]: 'x', 'a/b~c.d': 1, '': 1 })
    const expected = [names[0]?.toUpperCase() as string, 'a/b~c.d', '']
    refused(t, await send(url, spelled), 'validation_failed', expected)
    const many = Array.from({ length: 100 }, (_, at) => `field${at}`)
    const found = (
      await send(url, JSON.stringify({ ...whole, ...Object.fromEntries(many.map(name => [name, 1])) }))
    ).json()
    t.ok(Object.keys(found.errors).length >= 8, 'of a hundred at least the first eight')
  })

  t.test(`${url} takes the names of Object's own properties for what they are: unknown fields`, async t => {
    for (const name of ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'prototype']) {
      refused(t, await send(url, JSON.stringify({ ...whole, [name]: 1 })), 'validation_failed', [name])
    }
    for (const poison of ['"__proto__":{"roles":["admin"]}', '"\\u005f_proto__":1', '"constructor":{"prototype":{}}']) {
      refused(t, await send(url, `{${poison},${JSON.stringify(whole).slice(1)}`), 'validation_failed', [], poison)
    }
    t.equal(Object.getOwnPropertyDescriptor(Object.prototype, 'roles'), undefined)
  })

  t.test(`${url} reads application/json and nothing else`, async t => {
    const form = names.map(name => `${name}=x`).join('&')
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json']
    for (const type of [
      ...types,
      'application/jsonp',
      'application/vnd.api+json',
      'text/plain; application/json',
      '*/*'
    ]) {
      refused(t, await send(url, form, type), 'unsupported_media_type', [], type)
      refused(t, await send(url, JSON.stringify(whole), type), 'unsupported_media_type', [], type)
    }
    refused(t, await send(url, '{}', ''), 'unsupported_media_type', [], 'no type')
    for (const type of ['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'Application/JSON']) {
      refused(t, await send(url, '{}', type), 'validation_failed', names, type)
    }
  })

  t.test(`${url} refuses a body over 64 KiB unread, and one that is not UTF-8`, async t => {
    const body = JSON.stringify({ ...whole, [names.at(-1) as string]: 'x'.repeat(1_000_000) })
    refused(t, await send(url, body), 'payload_too_large')
    const latin1 = JSON.stringify({ ...whole, [names.at(-1) as string]: 'p\xe4sswort und mehr' })
    refused(t, await send(url, Buffer.from(latin1, 'latin1')), 'validation_failed', [], 'latin1')
  })
}

t.test('of a field given twice the last counts, in the check as in what is done', async t => {
  const twice = '{"username":"eve","username":"grace","email":"grace@example.com","password":"correct horse"}'
  const answer = await send('/api/register/', twice)
  t.equal(answer.json().username, 'grace')
  refused(
    t,
    await send('/api/login/', '{"username":"ada","password":"correct horse","password":1}'),
    'validation_failed',
    ['password']
  )
})
