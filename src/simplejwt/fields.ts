import type { FastifySchemaCompiler } from 'fastify'
import { SimpleJwtError } from './errors.ts'

/**
 * Checks bodies by the rules of a CharField for each property of a schema: present, no null, a text or a number, not
 * blank; white space around it does not count, around a password neither. Other fields are ignored.
 */
export const compileFields: FastifySchemaCompiler<unknown> = ({ schema }) => {
  const names = Object.keys((schema as { properties: object }).properties)
  return (body: unknown) => {
    if (!isDictionary(body)) return { error: new SimpleJwtError(400, { non_field_errors: [shapeProblem(body)] }) }
    const found = names.map(name => [name, check(Object.hasOwn(body, name) ? body[name] : undefined)] as const)
    const wrong = found.filter(([, { problems }]) => problems.length > 0)
    if (wrong.length === 0) return { value: Object.fromEntries(found.map(([name, { text }]) => [name, text])) }
    const problems = wrong.map(([name, { problems }]) => [name, problems])
    return { error: new SimpleJwtError(400, Object.fromEntries(problems)) }
  }
}

function check(value: unknown): { text: string; problems: string[] } {
  const refuse = (problem: string) => ({ text: '', problems: [problem] })
  if (value === undefined) return refuse('This field is required.')
  if (value === null) return refuse('This field may not be null.')
  if (typeof value !== 'string' && typeof value !== 'number') return refuse('Not a valid string.')
  const text = `${value}`.replace(SURROUNDING_SPACE, '')
  return text === '' ? refuse('This field may not be blank.') : { text, problems: letterProblems(text) }
}

// What Python calls white space: U+001C to U+001F too, and not U+FEFF.
const SPACE = '[\\p{White_Space}\\u001c-\\u001f]+'
const SURROUNDING_SPACE = new RegExp(`^${SPACE}|${SPACE}$`, 'gu')

function letterProblems(text: string): string[] {
  const surrogate = /\p{Cs}/u.exec(text)?.[0].charCodeAt(0).toString(16).toUpperCase()
  return [
    ...(text.includes('\0') ? ['Null characters are not allowed.'] : []),
    ...(surrogate ? [`Surrogate characters are not allowed: U+${surrogate}.`] : [])
  ]
}

const isDictionary = (body: unknown): body is Record<string, unknown> =>
  typeof body === 'object' && body !== null && !Array.isArray(body)

function shapeProblem(body: unknown): string {
  if (body === null) return 'No data provided'
  return `Invalid data. Expected a dictionary, but got ${nameOf(body)}.`
}

/** The type of a JSON value as Python names it. */
function nameOf(body: unknown): string {
  if (Array.isArray(body)) return 'list'
  if (typeof body === 'number') return Number.isInteger(body) ? 'int' : 'float'
  return typeof body === 'boolean' ? 'bool' : 'str'
}
