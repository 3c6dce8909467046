import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { client } from '../helper.ts'
import { encode, es256, own } from '../routes/forgery.ts'
import { listening, type Postern } from '../verify/postern.ts'

const PYTHON = '/usr/bin/python3'
const noPython = spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status !== 0
const required = process.env.POSTERN_REQUIRE_PYTHON === '1'

/** What any verifier must refuse: changed, signed by somebody else, unsigned. */
function spoiled(token: string): string[] {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const other = encode({ ...read(claims), username: 'root' })
  return [
    `${header}.${other}.${signature}`,
    es256({ ...read(header), alg: 'ES256' }, read(claims), own.privateKey),
    `${encode({ ...read(header), alg: 'none' })}.${claims}.`
  ]
}

for (const authKeyAlgorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  t.test(`jose verifies ${authKeyAlgorithm} tokens from the JWK set`, async t => {
    const { url, tokens, clock } = await listening(t, { authKeyAlgorithm })
    const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`))
    const demands = { issuer: url, audience: url, typ: 'at+jwt', currentDate: new Date(clock.now()) }
    const { payload, protectedHeader } = await jwtVerify(tokens.access, keys, demands)
    t.match(payload, { username: 'ada', token_type: 'access' })
    t.equal(protectedHeader.alg, authKeyAlgorithm)
    for (const token of spoiled(tokens.access)) await t.rejects(jwtVerify(token, keys, demands))
    await t.rejects(jwtVerify(tokens.refresh, keys, demands))
    await t.rejects(jwtVerify(tokens.access, keys, { ...demands, currentDate: new Date(clock.now() + 300_000) }))
  })
}

t.test('PyJWT verifies tokens from the JWK set', { skip: noPython && !required && 'no python3-jwt here' }, async t => {
  for (const authKeyAlgorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    const postern = await listening(t, { authKeyAlgorithm })
    // Python reads the clock of the system.
    postern.clock.advance(Date.now() - postern.clock.now())
    const { access, refresh } = await client(postern.app).login()
    const [genuine, ...refused] = await asPython(postern, authKeyAlgorithm, [access, refresh, ...spoiled(access)])
    t.match(genuine, { username: 'ada' }, authKeyAlgorithm)
    t.equal(refused.length, 4)
    for (const answer of refused) t.match(answer, { refused: /Error/ })
  }
})

/** What a Python service says to tokens, in their order. */
async function asPython({ url }: Postern, algorithm: string, tokens: string[]): Promise<unknown[]> {
  const child = spawn(PYTHON, [join(import.meta.dirname, 'pyjwt.py'), url, algorithm], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  child.stdin.end(tokens.map(token => `${JSON.stringify(token)}\n`).join(''))
  const answers: unknown[] = []
  for await (const line of createInterface(child.stdout)) answers.push(JSON.parse(line))
  return answers
}
