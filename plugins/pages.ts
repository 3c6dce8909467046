import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import type { Action, PageName } from '../src/pages/catalogue.ts'
import { readForm } from '../src/pages/form.ts'
import { ownSiteOnly } from '../src/pages/own-site.ts'
import { createPages, type Pages } from '../src/pages/pages.ts'

interface PagesOfAccounts extends Pages {
  readForm: typeof readForm
  ownSiteOnly: ReturnType<typeof ownSiteOnly>
}

declare module 'fastify' {
  interface FastifyInstance {
    pages: PagesOfAccounts
  }
  interface FastifyContextConfig {
    /** The page that a route answers with, its errors too. */
    page?: PageName
    action?: Action
  }
}

/** What the pages behind mailed links need: forms, rendering, and errors that people can read. */
export default fp<AppOptions>(
  async (server, { config }) => {
    const pages = createPages(config, server.core.profiles, server.cookies.areUsable)
    server.decorate('pages', { ...pages, readForm, ownSiteOnly: ownSiteOnly(config.publicUrl) })
  },
  { name: 'pages', dependencies: ['core', 'errors', 'cookies'] }
)
