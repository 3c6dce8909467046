/**
 * Claims that mean something already: to Postern, to JWTs (RFC 7519), OAuth (RFC 8693, 8705, 9068, 9396, 7662), OpenID
 * Connect, status lists, and to SimpleJWT. Services trust them, so no setting, field or hook may say them.
 */
const RESERVED = new Set(
  `iss sub aud exp nbf iat jti sid client_id token_type typ alg kid username roles email email_verified auth_time
  amr acr azp scope scp scopes status cnf act may_act user_id groups entitlements authorization_details
  active nonce at_hash c_hash s_hash events toe txn sub_id sub_jwk vct vp trust_chain htm htu ath`.split(/\s+/)
)

/** Whether nobody but Postern may give a claim of that name. */
export const isReservedClaim = (name: string): boolean => RESERVED.has(name) || name in Object.prototype
