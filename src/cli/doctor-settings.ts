import type { Config, Options } from '../config.ts'
import { isLoopback } from '../loopback.ts'
import { checkCutOver } from './doctor-cut-over.ts'
import type { Finding } from './finding.ts'

const FIRST_YEAR = 2026

/** Settings that are valid, but not for a service that others use; and the clock, on which every token depends. */
export function* checkSettings(
  config: Config,
  options: Options,
  year = new Date().getUTCFullYear()
): Generator<Finding> {
  yield year < FIRST_YEAR
    ? ['fail', `the clock says ${year}: tokens would carry wrong times. Set the clock (NTP)`]
    : ['ok', `the clock says ${year}`]
  yield publicUrl(config, options.publicUrl !== undefined)
  yield config.authRateLimit === 'off'
    ? ['fail', 'AUTH_RATE_LIMIT is off: passwords can be guessed at full speed. Remove it']
    : ['ok', 'AUTH_RATE_LIMIT is on']
  yield config.authDocs === 'on' && !isPrivate(config)
    ? ['warn', 'Swagger UI is open to everybody at /docs. Set AUTH_DOCS=off if it is not meant to be']
    : ['ok', config.authDocs === 'on' ? 'Swagger UI at /docs is for this machine only' : 'AUTH_DOCS is off']
  yield* checkCutOver(config)
}

const hostOf = (config: Config) => new URL(config.publicUrl).hostname

const isPrivate = (config: Config) => isLoopback(config.host) && isLoopback(hostOf(config))

function publicUrl(config: Config, given: boolean): Finding {
  if (!given && isLoopback(config.host))
    return [
      'warn',
      `PUBLIC_URL is not set: only this machine can use ${config.publicUrl}. Set it to the URL of clients`
    ]
  if (!given)
    return ['fail', `PUBLIC_URL is not set, and ${config.publicUrl} is no URL for clients. Set it to the one they use`]
  if (config.publicUrl.startsWith('http:') && !isLoopback(hostOf(config)))
    return [
      'fail',
      `PUBLIC_URL ${config.publicUrl} sends passwords in the clear. Put TLS in front and set an https URL`
    ]
  return ['ok', `PUBLIC_URL is ${config.publicUrl}`]
}
