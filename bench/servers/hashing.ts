import { availableParallelism } from 'node:os'
import { type Algorithm, hash, verify } from '@node-rs/argon2'
import { createPasswordHashes } from '../../src/core/password-hashes.ts'
import { password } from '../accounts.ts'

const COST = { algorithm: 2 as Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }
const phc = await hash(password, COST)

/** How many verifications a second `inFlight` endless loops of it reach. */
async function rate(inFlight: number, seconds: number, verifyOne: () => Promise<boolean>): Promise<number> {
  const begun = performance.now()
  const endsAt = begun + seconds * 1000
  let count = 0
  const loop = async () => {
    while (performance.now() < endsAt) if (await verifyOne()) count++
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  return (count * 1000) / (performance.now() - begun)
}

/** As many at a time as there are cores, on libuv's own threads. */
const plain = (seconds: number) => rate(availableParallelism(), seconds, () => verify(phc, password))

/** Through the threads that the service hashes in, with as many waiting as in the row about logins. */
async function gated(seconds: number): Promise<number> {
  const hashes = createPasswordHashes()
  const one = () => hashes.verify(phc, password)
  await rate(availableParallelism(), 0.3, one)
  const reached = await rate(64, seconds, one)
  await hashes.close()
  return reached
}

process.once('message', async ({ way, seconds }: { way: 'plain' | 'gated'; seconds: number }) => {
  const reached = await (way === 'plain' ? plain(seconds) : gated(seconds))
  process.send?.(reached, () => process.disconnect?.())
})
