import type { Core } from '../core/index.ts'
import { PosternError } from '../errors.ts'
import { refusedToken, SimpleJwtError } from './errors.ts'

/** What SimpleJWT does with tokens, over sessions. */
export interface TokenFace {
  /** Exchanges a refresh token. Throws SimpleJwtError, and `token_not_valid` with its reason. */
  rotate(token: string, ip: string, userAgent?: string): Promise<{ access: string; refresh: string }>
  /** Ends the session of a refresh token. Throws the same. */
  blacklist(token: string, ip: string): Promise<void>
  /** Whether a token of either kind is good. Throws the same; of one that was blacklisted a 400. */
  verify(token: string): Promise<void>
}

const isRefusal = (error: unknown): error is PosternError =>
  error instanceof PosternError && error.code === 'token_not_valid'

/** Tells of a refused token what SimpleJWT would: a genuine one of the wrong kind is not just invalid. */
export function createTokenFace({ tokens, refresh }: Pick<Core, 'tokens' | 'refresh'>): TokenFace {
  /** Does what wants a refresh token. That an access token was revoked matters to nobody who may not send it. */
  async function withRefresh<Result>(token: string, use: () => Promise<Result>): Promise<Result> {
    const refused = await settle(use())
    if ('value' in refused) return refused.value
    if (refused.error.refusal) throw refused.error
    const access = await settle(tokens.authenticate(token))
    if ('value' in access || access.error.refusal === 'ended') throw refusedToken('Token has wrong type')
    throw access.error
  }

  return {
    rotate: (token, ip, userAgent) => withRefresh(token, () => refresh.rotate(token, ip, userAgent)),
    blacklist: (token, ip) => withRefresh(token, () => refresh.logout(token, ip)),
    async verify(token) {
      const access = await settle(tokens.authenticate(token))
      if ('value' in access) return
      const last = access.error.refusal ? access : await settle(refresh.check(token))
      if ('value' in last) return
      if (last.error.refusal !== 'ended') throw last.error
      throw new SimpleJwtError(400, { non_field_errors: ['Token is blacklisted'] })
    }
  }
}

/** What came of it, be it that a token was refused; any other error is thrown on. */
const settle = <Value>(work: Promise<Value>): Promise<{ value: Value } | { error: PosternError }> =>
  work.then(
    value => ({ value }),
    error => {
      if (isRefusal(error)) return { error }
      throw error
    }
  )
