import { availableParallelism } from 'node:os'
import { type Algorithm, hash, verify } from '@node-rs/argon2'
import { password } from '../accounts.ts'

const COST = { algorithm: 2 as Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }

/** How many verifications a second the library reaches by itself, with as many at a time as there are cores. */
async function rate(seconds: number): Promise<number> {
  const phc = await hash(password, COST)
  const begun = performance.now()
  const endsAt = begun + seconds * 1000
  let count = 0
  const loop = async () => {
    while (performance.now() < endsAt) if (await verify(phc, password)) count++
  }
  await Promise.all(Array.from({ length: availableParallelism() }, loop))
  return (count * 1000) / (performance.now() - begun)
}

process.once('message', async ({ seconds }: { seconds: number }) => {
  const reached = await rate(seconds)
  process.send?.(reached, () => process.disconnect?.())
})
