import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { resolveConfig } from '../../src/config.ts'
import { openSecrets } from '../../src/core/secrets.ts'
import { client } from '../helper.ts'

/** The master secret of the services under attack here. */
export const authSecret = 'a master secret that only these tests know'

/** A key pair of the attacker. */
export const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })

export const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/** A token signed with ES256, whatever its header says. */
export function es256(header: unknown, claims: unknown, key: KeyObject): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** A token with an HMAC, whatever its header says. */
export function hmac(header: unknown, claims: unknown, key: Buffer | string, hash = 'sha256'): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`
}

/** The keys that nobody outside has: with them only what else is wrong with a token can be the reason of a refusal. */
export async function stolenKeys({ database }: FastifyInstance): Promise<{ access: KeyObject; refresh: Buffer }> {
  const secrets = await openSecrets(resolveConfig({ authSecret }), true)
  const rows = await database.read(database.prepare('test_keys', q => q.select().from(database.tables.signingKeys))())
  const row = rows.find(({ state }) => state === 'current')
  if (!row) throw new Error('there is no current key')
  return { access: createPrivateKey(secrets.unseal(row.sealedPrivateKey, row.kid)), refresh: secrets.refreshKey }
}

/** Spoils each part of a token in turn, in the middle and at both ends. */
export function flips(token: string): Record<string, string> {
  const parts = token.split('.').map(part => Buffer.from(part, 'base64url'))
  const spoiled: Record<string, string> = {}
  for (const [index, part] of parts.entries()) {
    for (const at of [0, part.length >> 1, part.length - 1]) {
      const bytes = Buffer.from(part)
      bytes[at] = (bytes[at] as number) ^ 1
      spoiled[`bit of byte ${at} in part ${index}`] = parts
        .with(index, bytes)
        .map(part => part.toString('base64url'))
        .join('.')
    }
  }
  return spoiled
}

export interface Pair {
  access: string
  refresh: string
}

/** Sends each token to each place that takes one: all give the same answer, and the session it was made from lives on. */
export async function refuseAll(t: Test, app: FastifyInstance, genuine: Pair, forged: Record<string, string>) {
  const { get, post, protected: see } = client(app)
  for (const [why, token] of Object.entries(forged)) {
    const answers = [
      await post('/api/verify/', { token }),
      await post('/api/refresh/', { refresh: token }),
      await post('/api/logout/', { refresh: token })
    ]
    if (/^[\x21-\x7e]*$/.test(token)) answers.push(await see(token), await get('/forward-auth', token))
    const codes = new Set(answers.map(answer => `${answer.statusCode} ${answer.json().code}`))
    t.same([...codes], ['401 token_not_valid'], why)
  }
  t.equal((await see(genuine.access)).statusCode, 200, 'the session lives on')
  t.equal((await post('/api/verify/', { token: genuine.refresh })).statusCode, 200)
}
