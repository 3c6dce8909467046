import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { cookieNames } from '../src/cookies/names.ts'
import { version } from '../src/version.ts'

const description = `Authentication beside your application.

1. Open **register**, press **Execute**; then the same with **login**: the answer holds an \`access\` token.
2. Press **Authorize** and paste it.
3. Call what has a lock.

Every error is \`application/problem+json\` (RFC 9457) with a stable \`code\` to branch on. Beside those that an operation
names, there are 404 \`not_found\` and 500 \`internal_error\`, and for a body that an operation does not take 400
\`validation_failed\`, 413 \`payload_too_large\` and 415 \`unsupported_media_type\`. A slash at the end of a path is optional.`

/** The OpenAPI document, made from the schemas of the routes. */
export default fp<AppOptions>(
  async (server, { config }) => {
    await server.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: 'Postern', version, license: { name: 'MIT', identifier: 'MIT' }, description },
        tags: [
          { name: 'account', description: 'Who somebody is' },
          { name: 'session', description: 'Logging in, staying in, logging out' },
          { name: 'django', description: 'The paths of Django SimpleJWT, for its clients' },
          { name: 'standards', description: 'What other services check tokens with' },
          { name: 'proxies', description: 'What a reverse proxy asks before it lets a request through' },
          { name: 'operations', description: 'What keeps the service running' }
        ],
        components: {
          securitySchemes: {
            bearer: {
              type: 'http',
              scheme: 'bearer',
              bearerFormat: 'JWT',
              description: 'The `access` token of a login or refresh, without the word Bearer'
            },
            cookie: {
              type: 'apiKey',
              in: 'cookie',
              name: cookieNames(config.publicUrl)?.access ?? '__Host-postern_access',
              description: 'For browsers: set by a login with `?transport=cookie`. There is nothing to type in here'
            },
            client: {
              type: 'http',
              scheme: 'basic',
              description: 'The `client_id` and `client_secret` of `postern client create`'
            }
          }
        },
        security: [{ bearer: [] }, { cookie: [] }]
      },
      transformObject: made => ('openapiObject' in made ? nameSchemas(made.openapiObject) : made.swaggerObject)
    })
  },
  { name: 'openapi' }
)

/** Moves every schema that has a title to the components, so that generated clients have one type for each. */
function nameSchemas<Document extends { paths?: object; components?: object }>(document: Document): Document {
  const schemas: Record<string, object> = {}
  const paths = move(document.paths)
  return { ...document, paths, components: { ...document.components, schemas } }

  function move(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(move)
    if (node === null || typeof node !== 'object') return node
    const moved = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, move(value)]))
    if ('content' in node && mayBeAbsent(node.content as Content)) moved.required = false
    if (moved.type !== 'object' || typeof moved.title !== 'string') return moved
    // An example stands in the schema in one place and beside it in another.
    schemas[moved.title] = { ...schemas[moved.title], ...moved }
    return { $ref: `#/components/schemas/${moved.title}` }
  }
}

type Content = Record<string, { schema?: object }>

/** A body says so in its schema; @fastify/swagger calls each one required. */
const mayBeAbsent = (content: Content) =>
  Object.values(content).some(({ schema }) => schema !== undefined && 'x-optional' in schema)
