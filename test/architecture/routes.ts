import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { Type } from 'typebox'

type Documented = FastifySchema & { summary?: string; tags?: string[]; security?: object[]; hide?: boolean }

/** Formats that say how a value is shown; nothing is checked by them. */
const ANNOTATIONS = ['password']

/** For each format that may be asked of a request, a text that must be refused. */
const MISFITS: Record<string, string> = {
  email: 'ada@',
  uuid: '019b0d2e-7c1a-7b3e-9a55',
  'date-time': '2026-01-31 at noon',
  uri: 'example.com/path'
}

/** A route as people write it: `GET /path`. */
export const nameOf = ({ method, url }: RouteOptions): string => `${method} ${url}`

/** What routes fail to say about themselves. */
export function silentRoutes(routes: RouteOptions[]): string[] {
  return routes
    .filter(route => (route.schema as Documented | undefined)?.hide !== true)
    .flatMap(route => {
      const { summary, tags = [], response = {} } = (route.schema ?? {}) as Documented
      const answersWell = Object.keys(response as object).some(status => status.startsWith('2'))
      return [
        ...(summary ? [] : [`${nameOf(route)} has no summary`]),
        ...(tags.length > 0 ? [] : [`${nameOf(route)} has no tags`]),
        ...(answersWell ? [] : [`${nameOf(route)} has no schema for its success`])
      ]
    })
}

/** Routes that do not answer 401 to somebody without a token, and are not meant to be public. */
export async function openRoutes(
  app: FastifyInstance,
  routes: RouteOptions[],
  isPublic: (name: string) => boolean
): Promise<string[]> {
  const found: string[] = []
  for (const route of routes.filter(route => !isPublic(nameOf(route)))) {
    const url = route.url.replace(/:\w+|\*/g, 'x')
    const answer = await app.inject({ method: route.method as 'GET', url })
    const code = route.method === 'HEAD' ? undefined : answer.json().code
    const refused = answer.statusCode === 401 && (code ?? 'not_authenticated') === 'not_authenticated'
    if (!refused) found.push(`${nameOf(route)} answers ${answer.statusCode} to somebody without a token`)
  }
  return found
}

/** Formats of request schemas that the validator lets everything through for. */
export function idleFormats(routes: RouteOptions[]): string[] {
  const asked = routes.flatMap(route => {
    const { body, querystring, params, headers } = (route.schema ?? {}) as Documented
    return formatsIn([body, querystring, params, headers]).map(format => [format, nameOf(route)] as const)
  })
  return asked
    .filter(([format]) => !ANNOTATIONS.includes(format) && !isEnforced(format))
    .map(([format, name]) => `${name} asks for the format ${format}, which is not enforced`)
}

/** The formats that are known to be enforced when they are. */
export const enforceable = Object.keys(MISFITS)

/** Whether the validator of the service refuses a text that is not of the format. */
export function isEnforced(format: string): boolean {
  const schema = Type.Object({ value: Type.String({ format }) })
  const validate = TypeBoxValidatorCompiler({ schema, method: 'POST', url: '/', httpPart: 'body' })
  const outcome: unknown = validate({ value: MISFITS[format] ?? '' })
  return typeof outcome === 'object' && outcome !== null && 'error' in outcome && outcome.error !== undefined
}

function formatsIn(node: unknown): string[] {
  if (node === null || typeof node !== 'object') return []
  const own = 'type' in node && 'format' in node && typeof node.format === 'string' ? [node.format] : []
  return [...own, ...Object.values(node).flatMap(formatsIn)]
}
