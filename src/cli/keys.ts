import type { KeyInfo } from '../core/key-ring.ts'
import { KeyTooYoung } from '../core/signing-keys.ts'
import type { Values } from './command.ts'
import { print, row } from './print.ts'
import { withService } from './service.ts'

/** Prints the keys that sign, will sign, and did sign what may still be valid. */
export async function listKeys({ json }: Values): Promise<undefined> {
  await withService(async ({ core }) => print(table(core.signingKeys.list(), json)))
}

/** Lets the next key sign, and prints the keys afterwards; gives 1 when it is too early for that. */
export async function rotateKeys({ json, force = false }: Values): Promise<number | undefined> {
  return withService(async ({ core }) => {
    try {
      await print(table(await core.signingKeys.rotate({ force }), json))
    } catch (error) {
      if (!(error instanceof KeyTooYoung)) throw error
      process.stderr.write(`postern: ${tooYoung(error.readyAt)}\n`)
      return 1
    }
  })
}

const tooYoung = (readyAt: Date): string =>
  `the next key was published less than ten minutes ago, and services with a copy of the published keys may not know it yet. Wait until ${readyAt.toISOString()}, or give --force.`

/** Makes all keys anew, so that no token of the old ones is good, and prints them. */
export async function revokeKeys({ json }: Values): Promise<undefined> {
  await withService(async ({ core }) => print(table(await core.signingKeys.revokeAll(), json)))
}

function* table(keys: KeyInfo[], json = false): Generator<string> {
  if (!json) yield line('KID', 'ALG', 'STATE', 'CREATED', 'SIGNS SINCE', 'RETIRED')
  for (const { kid, algorithm, state, ...at } of keys) {
    const [created, activated, retired] = [at.createdAt, at.activatedAt, at.retiredAt].map(
      time => time?.toISOString() ?? null
    )
    yield json
      ? JSON.stringify({ kid, algorithm, state, created_at: created, activated_at: activated, retired_at: retired })
      : line(kid, algorithm, state, minute(created), minute(activated), minute(retired))
  }
}

const line = (kid: string, alg: string, state: string, created: string, activated: string, retired: string): string =>
  row([
    [kid, 43],
    [alg, 5],
    [state, 7],
    [created, 17],
    [activated, 17],
    [retired, 0]
  ])

const minute = (iso: string | null | undefined): string => (iso ? `${iso.slice(0, 16)}Z` : '-')
