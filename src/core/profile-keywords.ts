import { type TSchema, Type } from 'typebox'
import { Format } from 'typebox/format'
import { Value } from 'typebox/value'
import { patternProblem } from './pattern-probe.ts'

/** A JSON Schema that was checked: every keyword in it is enforced, every object closed, every text and list bounded. */
export type Field = TSchema & { readOnly?: boolean; default?: unknown; examples?: unknown[] }

type Node = Record<string, unknown>
type Complain = (place: string, problem: string) => void

/** Characters in a text, and items in a list, where the schema does not say. */
const MOST = 1_000

const Text = Type.String()
const Count = Type.Integer({ minimum: 0 })
const Amount = Type.Number()
const Yes = Type.Boolean()
const TypeName = Type.Enum(['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'])

const EVERYWHERE: Record<string, TSchema> = {
  type: Type.Union([TypeName, Type.Array(TypeName, { minItems: 1 })]),
  enum: Type.Array(Type.Unknown(), { minItems: 1 }),
  const: Type.Unknown(),
  anyOf: Type.Array(Type.Object({}), { minItems: 1 }),
  title: Text,
  description: Text,
  $comment: Text,
  deprecated: Yes,
  examples: Type.Array(Type.Unknown())
}
const OF_FIELDS: Record<string, TSchema> = { readOnly: Yes, default: Type.Unknown() }
const numeric = {
  minimum: Amount,
  maximum: Amount,
  exclusiveMinimum: Amount,
  exclusiveMaximum: Amount,
  multipleOf: Type.Number({ exclusiveMinimum: 0 })
}
const BY_TYPE: Record<string, Record<string, TSchema>> = {
  string: { minLength: Count, maxLength: Count, pattern: Text, format: Text },
  number: numeric,
  integer: numeric,
  array: { items: Type.Object({}), minItems: Count, maxItems: Count, uniqueItems: Yes },
  object: { properties: Type.Object({}), required: Type.Array(Text), additionalProperties: Type.Literal(false) }
}

/** Checks one field of a profile and everything in it; problems go to `complain`, with their place. */
export const field = (node: Node, place: string, complain: Complain): Field =>
  checked(node, place, complain, { ...EVERYWHERE, ...OF_FIELDS })

function checked(node: Node, place: string, complain: Complain, allowed: Record<string, TSchema>): Field {
  const types = [node.type ?? []].flat() as string[]
  const known = Object.assign({}, allowed, ...types.map(type => (Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : {})))
  for (const [keyword, value] of Object.entries(node)) {
    const at = `${place}.${keyword}`
    if (!Object.hasOwn(known, keyword)) complain(at, unknown(keyword))
    else if (!Value.Check(known[keyword], value)) complain(at, `${JSON.stringify(value)} is no value for this keyword`)
  }
  if (['~refine', '~codec'].some(hidden => Object.hasOwn(node, hidden)))
    complain(place, 'a function in a schema is not JSON Schema, and would not be in force; say it with keywords')
  if (!['type', 'enum', 'const', 'anyOf'].some(keyword => Object.hasOwn(node, keyword)))
    complain(place, 'fits any value; give it a type')
  if (typeof node.format === 'string' && !Format.Has(node.format))
    complain(`${place}.format`, `${node.format} is not enforced; give one of ${formats()}`)
  for (const name of Object.keys(isNode(node.properties) ? node.properties : {}))
    if (name in Object.prototype) complain(`${place}.properties.${name}`, 'this name is taken; choose another')
  const slow = typeof node.pattern === 'string' ? patternProblem(node.pattern) : undefined
  if (slow) complain(`${place}.pattern`, slow)
  return bounded(node, types, (inner, name) => checked(inner, `${place}.${name}`, complain, EVERYWHERE))
}

/** The same schema, closed and bounded; the schemas in it go through `inside`. */
function bounded(node: Node, types: string[], inside: (inner: Node, name: string) => Field): Field {
  const made: Node = { ...node }
  if (types.includes('string') && !node.enum) made.maxLength ??= MOST
  if (types.includes('array')) made.maxItems ??= MOST
  if (isNode(node.items)) made.items = inside(node.items, 'items')
  if (Array.isArray(node.anyOf)) made.anyOf = node.anyOf.map((one, at) => inside(isNode(one) ? one : {}, `anyOf.${at}`))
  if (types.includes('object')) {
    const all = Object.entries(isNode(node.properties) ? node.properties : {})
    made.properties = Object.fromEntries(
      all.map(([name, inner]) => [name, inside(isNode(inner) ? inner : {}, `properties.${name}`)])
    )
    made.additionalProperties = false
    // Generated clients would get a type of that name, which may be one of ours.
    delete made.title
  }
  return made
}

/** Whether something is an object, and no list. */
export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function unknown(keyword: string): string {
  if (keyword === '$ref') return 'a reference is not followed; write the schema here'
  if (keyword in OF_FIELDS) return 'counts only at a field of the profile itself, not deeper'
  return 'would not be in force here; leave it out (docs/profile.md lists the keywords)'
}

const formats = () =>
  Format.Entries()
    .map(([name]) => name)
    .join(', ')
