import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import type { Audit } from './audit.ts'
import type { Client, Clients } from './clients.ts'
import type { Clock } from './clock.ts'
import { OAuthError } from './oauth-error.ts'
import type { StatusIndexes } from './status-indexes.ts'
import type { Tokens } from './tokens.ts'

/** The answer to a client that asks for a token (RFC 6749 section 5.1). `expires_in` is seconds. */
export interface MachineToken {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  /** What was granted; absent when the client has no scopes. */
  scope?: string
}

/** What a client asks for. */
export interface TokenRequest {
  grant_type: string
  scope?: string | undefined
}

interface Parts {
  db: Database
  config: Config
  clients: Clients
  tokens: Tokens
  statusIndexes: StatusIndexes
  audit: Audit
  now: Clock
}

/** Access tokens for clients themselves: the client_credentials grant (RFC 6749 section 4.4). */
export function createMachineTokens({ db, config, clients, tokens, statusIndexes, audit, now }: Parts) {
  return {
    /**
     * Issues an access token to a client that is authenticated; no refresh token. Throws `unsupported_grant_type`,
     * `invalid_scope`, and `invalid_client` when the client changed meanwhile.
     */
    async issue(client: Client, { grant_type: grantType, scope }: TokenRequest, ip: string): Promise<MachineToken> {
      if (grantType !== 'client_credentials') throw new OAuthError('unsupported_grant_type')
      const granted = scope === undefined ? client.scopes : [...new Set(scope.split(' '))]
      if (!granted.every(one => client.scopes.includes(one))) throw new OAuthError('invalid_scope')
      const issuedAt = now()
      const statusIndex = await db.write(function* () {
        const found = yield* clients.at(client.id)
        if (found?.secretHash !== client.secretHash) return undefined
        yield* audit.record({ event: 'authn_token_created', ip, detail: { client: client.id, scopes: granted } })
        return yield* statusIndexes.takeForToken(issuedAt + config.authAccessTtl)
      })
      if (statusIndex === undefined) throw new OAuthError('invalid_client')
      const named = granted.length > 0 ? granted.join(' ') : undefined
      const grant = { clientId: client.id, issuedAt, statusIndex, scope: named }
      const { access, expires_in } = tokens.issueToClient(grant)
      return { access_token: access, token_type: 'Bearer', expires_in, ...(named !== undefined && { scope: named }) }
    }
  }
}
