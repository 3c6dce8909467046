import { existsSync, statSync } from 'node:fs'
import type { Config } from '../config.ts'
import { openSecrets, type Secrets } from '../core/secrets.ts'
import type { Inspection } from '../db/reader.ts'
import type { Finding } from './finding.ts'
import { openTo } from './permissions.ts'

type Keys = Inspection['keys']

const DAY = 86_400_000
/** For how long a key signs without concern when no rotation is scheduled. */
const UNSCHEDULED = 365 * DAY

/** Whether the master secret is there, is private and is the one that sealed the signing keys. Throws StartError. */
export async function* checkSecret(config: Config, keys: Keys, now = Date.now()): AsyncGenerator<Finding> {
  const file = config.secretFile
  if (!config.authSecret && !config.authSecretFile && keys.length === 0 && !existsSync(file)) {
    yield ['ok', `there is no master secret yet: the first start makes ${file}`]
    return
  }
  // As if it were in use, always: so a missing one is reported, never made.
  const secrets = await openSecrets(config, true)
  yield config.authSecret ? ['ok', 'the master secret comes from AUTH_SECRET'] : privacy(file, config.authSecretFile)
  if (keys.length > 0) {
    // A day more than the schedule: a service that is not running does not rotate.
    yield* checkKeys(secrets, keys, now, (config.authKeyRotation || UNSCHEDULED) + DAY)
  }
}

function privacy(file: string, chosen: string | undefined): Finding {
  const others = openTo(statSync(file).mode)
  if (!others) return ['ok', `the master secret ${file} is private`]
  // A file that an orchestrator mounts has the mode that the orchestrator gives it.
  return [chosen ? 'warn' : 'fail', `the master secret ${file} is open to ${others}. Run: chmod 600 ${file}`]
}

function* checkKeys(secrets: Secrets, keys: Keys, now: number, longest: number): Generator<Finding> {
  const sealed = keys.filter(key => !opens(secrets, key))
  yield sealed.length > 0
    ? [
        'fail',
        `the master secret is not the one that sealed ${sealed.length} of ${keys.length} signing keys. Put the right one back`
      ]
    : ['ok', `the master secret opens all ${keys.length} signing keys`]
  const current = keys.findLast(key => key.state === 'current')?.activatedAt
  if (!current) {
    yield ['fail', 'no signing key is current. Restore a backup of the database']
    return
  }
  const days = Math.floor((now - current.getTime()) / DAY)
  if (days < 0)
    yield ['fail', `the current key signs since ${current.toISOString()}: the clock is behind. Set it (NTP)`]
  else if (now - current.getTime() > longest)
    yield ['warn', `the current key has signed for ${days} days. Run: postern keys rotate`]
  else yield ['ok', `the current key has signed for ${days} days`]
}

function opens(secrets: Secrets, { sealedPrivateKey, kid }: Keys[number]): boolean {
  try {
    secrets.unseal(sealedPrivateKey, kid)
    return true
  } catch {
    return false
  }
}
