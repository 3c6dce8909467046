import { readFile } from 'node:fs/promises'
import type { TObject } from 'typebox'
import { Value } from 'typebox/value'
import { StartError } from '../errors.ts'
import { type Field, field, isNode } from './profile-keywords.ts'
import { isReservedClaim } from './reserved-claims.ts'

/** The fields that a deployment gives its users beside ours. */
export interface ProfileSchema {
  fields: Record<string, Field>
  /** Fields without which nobody registers. */
  required: string[]
  /** Fields that access tokens show. */
  claims: string[]
}

/** What a field cannot be called, because requests and answers have a field of that name. */
const OURS = new Set(
  'id username email password email_verified roles profile active created_at last_login_at old_password new_password token code invitation'.split(
    ' '
  )
)
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/
const TOP = new Set(['$schema', '$id', '$comment', 'title', 'description', 'type', 'properties', 'required'])
const OWN = new Set(['claims', 'additionalProperties'])

/**
 * Reads the profile schema from a file or takes the one given, once, at the start. Undefined when there is neither.
 * Throws one StartError that lists everything that is wrong, with its place.
 */
export async function openProfileSchema(file?: string, given?: TObject): Promise<ProfileSchema | undefined> {
  if (file !== undefined && given !== undefined)
    throw new StartError('Postern cannot start: AUTH_PROFILE_SCHEMA and `profile` are both given; keep one of them.')
  if (file !== undefined) return read(await parse(file), `AUTH_PROFILE_SCHEMA ${file}`)
  return given && read(given, 'the schema given as `profile`')
}

async function parse(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new StartError(`AUTH_PROFILE_SCHEMA: the file ${file} cannot be read (${cause.code}).`, { cause })
  })
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    const { message } = cause as Error
    throw new StartError(`AUTH_PROFILE_SCHEMA: the file ${file} is not JSON: ${message}.`, { cause })
  }
}

function read(schema: unknown, source: string): ProfileSchema {
  const problems: string[] = []
  const complain = (place: string, problem: string) => problems.push(`${place}: ${problem}`)
  const found = examine(isNode(schema) ? schema : {}, complain)
  // A schema that is broken checks nothing.
  if (problems.length === 0) checkDefaults(found.fields, complain)
  if (problems.length === 0) return found
  const list = problems.map(problem => `  - ${problem}`).join('\n')
  throw new StartError(`Postern cannot start, because of ${source}:\n${list}`)
}

function examine(schema: Record<string, unknown>, complain: (place: string, problem: string) => void): ProfileSchema {
  if (schema.type !== 'object' || !isNode(schema.properties)) {
    complain('type', 'it is not the schema of an object; give {"type": "object", "properties": {...}}')
    return { fields: {}, required: [], claims: [] }
  }
  for (const keyword of Object.keys(schema).filter(keyword => !TOP.has(keyword) && !OWN.has(keyword)))
    complain(keyword, 'would not be in force here; leave it out (docs/profile.md lists the keywords)')
  if (![undefined, false].includes(schema.additionalProperties as undefined))
    complain('additionalProperties', 'is always false: a field that is not named does not exist; leave it out')

  const fields: Record<string, Field> = {}
  for (const [name, node] of Object.entries(schema.properties)) {
    const place = `properties.${name}`
    if (OURS.has(name) || name in Object.prototype) complain(place, 'this name is taken; choose another')
    else if (!NAME.test(name)) complain(place, 'a name has 1 to 64 letters, digits and _, and begins with a letter')
    else if (!isNode(node)) complain(place, 'is not a schema; give one such as {"type": "string"}')
    else fields[name] = field(node, place, complain)
  }
  const list = (keyword: string): string[] => {
    const value = schema[keyword] ?? []
    if (!Array.isArray(value) || !value.every(name => Object.hasOwn(fields, name))) {
      complain(keyword, 'must be a list of names that stand under properties')
      return []
    }
    return value
  }
  const found = { fields, required: list('required'), claims: list('claims') }
  for (const name of found.claims.filter(isReservedClaim))
    complain('claims', `${name} is a claim with a meaning of its own; give the field another name`)
  for (const name of found.required)
    if (fields[name]?.readOnly && !Object.hasOwn(fields[name], 'default'))
      complain(`properties.${name}`, 'is required and readOnly, so nobody could register; give it a default')
  return found
}

function checkDefaults(fields: Record<string, Field>, complain: (place: string, problem: string) => void): void {
  for (const [name, one] of Object.entries(fields))
    if (Object.hasOwn(one, 'default') && !Value.Check(one, one.default))
      complain(`properties.${name}.default`, 'does not fit the field; correct one of them')
}
