import { createHash } from 'node:crypto'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import Mustache from 'mustache'
import type { Config } from '../config.ts'
import { leastLength } from '../core/password-policy.ts'
import type { Profiles } from '../core/profiles.ts'
import { PosternError } from '../errors.ts'
import { chooseLanguage } from '../mail/languages.ts'
import { sendProblem, toProblem } from '../problem.ts'
import { createCatalogue, type PageName } from './catalogue.ts'
import { profileFields, valuesOf } from './fields.ts'
import { loadPageFiles } from './files.ts'
import { type Outcome, viewOf } from './view.ts'

/** Nothing from elsewhere, nothing inline, in no frame. The pictures of the style sheet are data URLs. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'x-robots-tag': 'noindex'
}

interface Asset {
  type: string
  body: Buffer
}

export type Pages = ReturnType<typeof createPages>

/** The pages behind mailed links. Reads what they are made of once; throws StartError when it cannot be used. */
export function createPages(config: Config, profiles: Pick<Profiles, 'fields' | 'required'>, cookies: boolean) {
  const { template, script, styles, texts } = loadPageFiles(config)
  const { host: service, pathname } = new URL(config.publicUrl)
  const base = pathname.replace(/\/+$/, '')
  const assets = new Map<string, Asset>()
  const words = { service, password_min: leastLength(config) }
  const own = profileFields(profiles)
  const writer = new Mustache.Writer()
  const surroundings = {
    catalogue: createCatalogue(profiles, { cookies }),
    ...{ base, service, app: config.authAppUrl },
    script: publish('page', 'js', script),
    styles: [...styles].map(([name, body]) => publish(name, 'css', body))
  }

  /** Puts a file under a name that changes with what it holds, so that browsers may keep it for good. */
  function publish(name: string, ending: keyof typeof TYPES, body: Buffer): string {
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 16)
    const published = `${name}.${hash}.${ending}`
    assets.set(published, { type: TYPES[ending], body })
    return `${base}/account/files/${published}`
  }

  function send(page: PageName, request: FastifyRequest, reply: FastifyReply, outcome: Outcome): FastifyReply {
    const language = chooseLanguage(texts.keys(), request.headers['accept-language'], config.authMailLocale)
    const sentences = texts.get(language)
    const text = (key: string) => writer.render(sentences?.[key] ?? '', words, {}, { escape: String })
    const values = { ...(request.body as Record<string, unknown> | undefined), ...outcome.values }
    const view = viewOf(surroundings, page, language, text, { ...outcome, values })
    return reply
      .headers(HEADERS)
      .type('text/html; charset=utf-8')
      .send(writer.render(template, view, {}, { escape: escaped }))
  }

  return {
    /** Answers with a page, in the language that the request asks for. */
    send,
    /** An error handler: the page again, with what is wrong. */
    sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const problem = toProblem(error)
      if (problem.statusCode >= 500) request.log.error({ err: error }, problem.code)
      const { page, action } = request.routeOptions.config as { page?: PageName; action?: Outcome['action'] }
      if (!page) return sendProblem(problem, reply)
      if (problem.retryAfter !== undefined) reply.header('retry-after', problem.retryAfter)
      return send(page, request, reply.code(problem.statusCode), { action, problem })
    },
    /** A script or a style sheet by the name that pages give it. Throws `not_found`. */
    asset(name: string): Asset {
      const found = assets.get(name)
      if (!found) throw new PosternError('not_found')
      return found
    },
    /** The fields of the profile schema, as a form brought them. */
    profileOf: (form: object): Record<string, unknown> => valuesOf(own, { ...form })
  }
}

/** Text as it stands in HTML, in quotation marks too. */
const escaped = (text: unknown): string => `${text}`.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

const TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const
