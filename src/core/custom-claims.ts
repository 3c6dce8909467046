import type { Config } from '../config.ts'
import { StartError } from '../errors.ts'
import type { Profiles } from './profiles.ts'
import type { ClaimsHook } from './public-user.ts'
import { isReservedClaim } from './reserved-claims.ts'
import type { User, Users } from './users.ts'

type Claims = Record<string, unknown>

interface Parts {
  config: Config
  profiles: Profiles
  users: Users
  hook: ClaimsHook | undefined
  warn(message: string): void
}

/** Bytes of JSON: every request carries them, and headers are not endless. */
const MOST = 4096
const MOST_STATIC = 1024

export type CustomClaims = ReturnType<typeof createCustomClaims>

/**
 * What access tokens of users say beside our own claims: AUTH_CLAIMS, then fields of the profile, then what the hook
 * adds. None overwrites one before it. Throws StartError.
 */
export function createCustomClaims({ config, profiles, users, hook, warn }: Parts) {
  const fixed: Claims = config.authClaims
  demandUsable(fixed, profiles.claimed)
  const isFixed = Object.keys(fixed).length > 0
  if (!isFixed && profiles.claimed.length === 0 && !hook)
    return { mayFail: false, of: (_user: User): Claims | undefined => undefined }

  const made = new WeakMap<User, Claims>()
  let warned = false

  function fromHook(user: User): Claims | undefined {
    if (!hook) return undefined
    const given: unknown = hook(users.describe(user))
    if (typeof given !== 'object' || given === null || Array.isArray(given) || 'then' in given)
      throw new TypeError('The claims hook must return an object, and no promise')
    const kept = Object.entries(given).filter(([name]) => !isTaken(name))
    if (kept.length < Object.keys(given).length && !warned) {
      warned = true
      const names = Object.keys(given).filter(isTaken).join(', ')
      warn(`The claims hook may not say ${names}: these are reserved or configured. They are left out from now on.`)
    }
    return Object.fromEntries(kept)
  }

  const isTaken = (name: string) =>
    isReservedClaim(name) || Object.hasOwn(fixed, name) || profiles.claimed.includes(name)

  function make(user: User): Claims {
    const claims = { ...fixed, ...profiles.claims(user.profile), ...fromHook(user) }
    // No token at all rather than one without them: the claim that is missing may be the one that restricts.
    if (Buffer.byteLength(JSON.stringify(claims)) > MOST)
      throw new RangeError(`The custom claims of user ${user.id} have more than ${MOST} bytes`)
    return claims
  }

  return {
    /** Whether there may be no claims, and so no token, for some user. */
    mayFail: true,
    /** The custom claims of a user, worked out once for each row that was read; undefined when there never are any. */
    of(user: User): Claims | undefined {
      const known = made.get(user)
      if (known) return known
      const claims = make(user)
      made.set(user, claims)
      return claims
    }
  }
}

function demandUsable(fixed: Claims, fromProfile: string[]): void {
  const reserved = Object.keys(fixed).filter(isReservedClaim)
  const twice = Object.keys(fixed).filter(name => fromProfile.includes(name))
  const problems = [
    ...reserved.map(name => `${name} is a claim with a meaning of its own; give it another name`),
    ...twice.map(name => `the profile schema has ${name} under claims too; keep one of them`),
    ...(Buffer.byteLength(JSON.stringify(fixed)) > MOST_STATIC ? ['more than 1 kB; every request carries it'] : [])
  ]
  if (problems.length === 0) return
  const list = problems.map(problem => `  - AUTH_CLAIMS: ${problem}`).join('\n')
  throw new StartError(`Postern cannot start, because of its settings:\n${list}`)
}
