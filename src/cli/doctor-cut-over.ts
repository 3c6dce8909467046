import type { Config } from '../config.ts'
import { verifyingKey } from '../core/simplejwt.ts'
import { StartError } from '../errors.ts'
import type { Finding } from './finding.ts'

/** The move from Django, while it goes on: the key of another system opens this one. */
export function* checkCutOver(config: Config, now = Date.now()): Generator<Finding> {
  try {
    if (verifyingKey(config) === undefined) return
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    yield ['fail', error.message]
    return
  }
  const day = new Date(config.authSimplejwtUntil).toISOString().slice(0, 10)
  yield [
    'warn',
    now < config.authSimplejwtUntil
      ? `tokens of Django are accepted until ${day}: whoever has their key can log in as any imported user. Remove AUTH_SIMPLEJWT_KEY once the move is done`
      : `tokens of Django are refused since ${day} (AUTH_SIMPLEJWT_UNTIL), but their key is still here. Remove AUTH_SIMPLEJWT_KEY`
  ]
}
