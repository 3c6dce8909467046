import type { Config } from '../config.ts'

const METHODS = ['client_secret_basic', 'client_secret_post']

/** What an OAuth client reads to find its way (RFC 8414 section 2). */
export const serverMetadata = ({ publicUrl }: Config) => ({
  issuer: publicUrl,
  token_endpoint: `${publicUrl}/oauth/token`,
  token_endpoint_auth_methods_supported: METHODS,
  introspection_endpoint: `${publicUrl}/oauth/introspect`,
  introspection_endpoint_auth_methods_supported: METHODS,
  revocation_endpoint: `${publicUrl}/oauth/revoke`,
  revocation_endpoint_auth_methods_supported: METHODS,
  jwks_uri: `${publicUrl}/.well-known/jwks.json`,
  grant_types_supported: ['client_credentials'],
  // Required by RFC 8414; there is no authorization endpoint that could respond.
  response_types_supported: [] as string[],
  status_list_aggregation_endpoint: `${publicUrl}/status-lists/`
})
