import { createPublicKey, type JsonWebKeyInput, verify } from 'node:crypto'
import { createVerifier } from '../../src/verify/index.ts'
import { median } from '../statistics.ts'

const PASSES = 10

/** What to check: access tokens of the Postern at `baseUrl`. */
interface Work {
  issuer: string
  baseUrl: string
  tokens: string[]
  seconds: number
}

/** Checks a second: of a token seen before, of new ones, and of nothing but the signatures of the same. */
export interface Rates {
  seen: number
  fresh: number
  signatures: number
}

async function seenBefore({ issuer, baseUrl, tokens, seconds }: Work): Promise<number> {
  const verifier = createVerifier({ issuer, baseUrl })
  const [token] = tokens as [string]
  const endsAt = performance.now() + seconds * 1000
  const begun = performance.now()
  let count = 0
  while (performance.now() < endsAt) {
    for (let n = 0; n < 100; n++) await verifier.verify(token)
    count += 100
  }
  return (count * 1000) / (performance.now() - begun)
}

async function fresh({ issuer, baseUrl, tokens: [first, ...others] }: Work): Promise<number> {
  const verifier = createVerifier({ issuer, baseUrl })
  await verifier.verify(first as string)
  const begun = performance.now()
  for (const token of others) await verifier.verify(token)
  return (others.length * 1000) / (performance.now() - begun)
}

async function signatures({ baseUrl, tokens: [, ...others] }: Work): Promise<number> {
  const { keys } = (await (await fetch(`${baseUrl}/.well-known/jwks.json`)).json()) as { keys: KeyOfSet[] }
  const ring = new Map(keys.map(jwk => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]))
  const parts = others.map(token => {
    const at = token.lastIndexOf('.')
    const { kid } = JSON.parse(Buffer.from(token.split('.', 1)[0] as string, 'base64url').toString())
    const key = ring.get(kid) as ReturnType<typeof createPublicKey>
    return { input: Buffer.from(token.slice(0, at)), signature: Buffer.from(token.slice(at + 1), 'base64url'), key }
  })
  const begun = performance.now()
  for (const { input, signature, key } of parts)
    if (!verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error('not genuine')
  return (parts.length * 1000) / (performance.now() - begun)
}

type KeyOfSet = JsonWebKeyInput['key'] & { kid: string }

process.once('message', async (work: Work) => {
  const passes: Rates[] = []
  for (let pass = 0; pass < PASSES; pass++)
    passes.push({ signatures: await signatures(work), fresh: await fresh(work), seen: await seenBefore(work) })
  // The first half warms all three up.
  const middle = (name: keyof Rates) => median(passes.slice(PASSES / 2).map(rates => rates[name]))
  const rates: Rates = { signatures: middle('signatures'), fresh: middle('fresh'), seen: middle('seen') }
  process.send?.(rates, () => process.disconnect?.())
})
