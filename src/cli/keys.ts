import type { KeyInfo } from '../core/signing-keys.ts'
import type { Values } from './command.ts'
import { print, row } from './print.ts'
import { withService } from './service.ts'

/** Prints the keys that sign, will sign, and did sign what may still be valid. */
export async function listKeys({ json }: Values): Promise<undefined> {
  await withService(async ({ core }) => print(table(core.signingKeys.list(), json)))
}

/** Lets the next key sign, and prints the keys afterwards. */
export async function rotateKeys({ json }: Values): Promise<undefined> {
  await withService(async ({ core }) => print(table(await core.signingKeys.rotate(), json)))
}

function* table(keys: KeyInfo[], json = false): Generator<string> {
  if (!json) yield line('KID', 'STATE', 'CREATED', 'SIGNS SINCE', 'RETIRED')
  for (const { kid, algorithm, state, ...at } of keys) {
    const [created, activated, retired] = [at.createdAt, at.activatedAt, at.retiredAt].map(
      time => time?.toISOString() ?? null
    )
    yield json
      ? JSON.stringify({ kid, algorithm, state, created_at: created, activated_at: activated, retired_at: retired })
      : line(kid, state, minute(created), minute(activated), minute(retired))
  }
}

const line = (kid: string, state: string, created: string, activated: string, retired: string): string =>
  row([
    [kid, 43],
    [state, 7],
    [created, 17],
    [activated, 17],
    [retired, 0]
  ])

const minute = (iso: string | null | undefined): string => (iso ? `${iso.slice(0, 16)}Z` : '-')
