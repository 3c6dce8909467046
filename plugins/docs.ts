import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'

/** Nothing from elsewhere, nothing inline, in no frame. The pictures of Swagger UI's style sheet are data URLs. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** A small gate in a wall. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#3b4151" d="M1 15V8a7 7 0 0 1 14 0v7h-4V8a3 3 0 0 0-6 0v7z"/></svg>'

const STYLE = `
.swagger-ui .info { margin: 40px 0 20px }
.swagger-ui .scheme-container { background: none; box-shadow: none; margin: 0; padding: 0 0 10px }
.swagger-ui .opblock-tag a { text-transform: capitalize }
.swagger-ui .response-col_links { display: none }
.swagger-ui table.responses-table tbody tr.response td { padding-bottom: 24px }
.swagger-ui textarea { min-height: 130px }
.swagger-ui .auth-container input[type=text] { min-width: 100% }
`

/** Swagger UI at /docs, with everything that it needs; nothing of it when AUTH_DOCS is off. */
export default fp<AppOptions>(
  async (server, { config, at }) => {
    if (config.authDocs === 'off') return
    await server.register(swaggerUi, {
      routePrefix: `${at}/docs`,
      staticCSP: POLICY,
      uiConfig: {
        layout: 'BaseLayout',
        deepLinking: true,
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        persistAuthorization: false,
        tryItOutEnabled: true,
        validatorUrl: null
      },
      theme: {
        title: 'Postern',
        css: [{ filename: 'postern.css', content: STYLE }],
        favicon: [{ filename: 'icon.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: ICON }]
      }
    })
  },
  { name: 'docs', dependencies: ['headers', 'errors', 'openapi'] }
)
