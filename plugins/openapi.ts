import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { version } from '../src/version.ts'

/** The OpenAPI document, made from the schemas of the routes, and Swagger UI over it. */
export default fp<AppOptions>(
  async (server, { config, at }) => {
    await server.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Postern',
          version,
          license: { name: 'MIT', identifier: 'MIT' },
          description:
            'Authentication beside your application. Register, log in, press **Authorize** and paste the `access` token, then call what is protected.'
        },
        tags: [
          { name: 'account', description: 'Who somebody is' },
          { name: 'session', description: 'Logging in, staying in, logging out' },
          { name: 'standards', description: 'What other services check tokens with' },
          { name: 'operations', description: 'What keeps the service running' }
        ],
        components: {
          securitySchemes: {
            bearer: {
              type: 'http',
              scheme: 'bearer',
              bearerFormat: 'JWT',
              description: 'An access token, without the word Bearer'
            }
          }
        },
        security: [{ bearer: [] }]
      }
    })
    if (config.authDocs === 'off') return
    await server.register(swaggerUi, {
      routePrefix: `${at}/docs`,
      staticCSP: true,
      uiConfig: { deepLinking: true, persistAuthorization: false, tryItOutEnabled: true, validatorUrl: null },
      theme: { title: 'Postern' }
    })
  },
  { name: 'openapi', dependencies: ['headers', 'errors'] }
)
