import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import type { Options } from '../../src/config.ts'
import { build, client } from '../helper.ts'
import { type DjangoOptions, skipWithoutDjango, startDjango } from './server.ts'
import { alter } from './taking-over.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
})

/** A Django with one user, and a Postern that knows the user and takes over. */
async function both(t: Test, django: DjangoOptions, settings: Options) {
  const { url, folder, createUsers } = await startDjango(t, django)
  const [id] = await createUsers([{ username: 'ada', password: 'correct horse', hasher: 'md5' }])
  const app = await build(t, {
    databaseUrl: `sqlite:${folder}/postern.db`,
    authSimplejwtUntil: '2100-01-01',
    authSimplejwtAccess: 'on',
    authEmailVerification: 'off',
    ...settings
  })
  const http = client(app)
  await http.register()
  await alter(app, { legacyId: `${id}` })
  const ask = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await answer.json()) as { access: string; refresh: string }
  }
  return { http, ask, login: () => ask('/api/token/', { username: 'ada', password: 'correct horse' }) }
}

const kinds: Record<string, [DjangoOptions, Options]> = {
  HS256: [{ signingKey: 'only Django knows it' }, { authSimplejwtKey: 'only Django knows it' }],
  RS256: [
    { algorithm: 'RS256', signingKey: privateKey, verifyingKey: publicKey },
    { authSimplejwtKey: publicKey, authSimplejwtAlgorithm: 'RS256' }
  ]
}

for (const [algorithm, [django, settings]] of Object.entries(kinds)) {
  t.test(`what SimpleJWT signed with ${algorithm} is accepted as it is`, { skip: skipWithoutDjango }, async t => {
    const { http, ask, login } = await both(t, django, settings)
    const first = await login()
    const second = await ask('/api/token/refresh/', { refresh: (await login()).refresh })
    for (const { access, refresh } of [first, second]) {
      t.equal((await http.protected(access)).statusCode, 200)
      t.equal((await http.protected(refresh)).statusCode, 401)
      t.equal((await http.refresh(access)).statusCode, 401)
      const answer = await http.refresh(refresh)
      t.equal(answer.statusCode, 200)
      t.equal((await http.protected(answer.json().access)).statusCode, 200)
    }
  })
}
