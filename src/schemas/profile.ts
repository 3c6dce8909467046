import { type TProperties, type TSchema, Type } from 'typebox'

/** The fields of users beside ours, as the profile schema declares them. */
export interface ProfileFields {
  fields: Readonly<Record<string, TSchema & { readOnly?: boolean; default?: unknown; examples?: unknown[] }>>
  required: readonly string[]
  /** Whether there is a profile schema. */
  isDeclared: boolean
}

type Writable = [name: string, field: ProfileFields['fields'][string]]

const writable = ({ fields }: ProfileFields): Writable[] => Object.entries(fields).filter(([, one]) => !one.readOnly)

/** The fields that somebody who registers gives. */
export const givenFields = (profile: ProfileFields): TProperties =>
  Object.fromEntries(
    writable(profile).map(([name, one]) => {
      const isNeeded = profile.required.includes(name) && !Object.hasOwn(one, 'default')
      return [name, isNeeded ? one : Type.Optional(one)]
    })
  )

/** The fields that a user changes; null takes one away that is not required. */
export const changedFields = (profile: ProfileFields): TProperties =>
  Object.fromEntries(
    writable(profile).map(([name, one]) => [name, Type.Optional(profile.required.includes(name) ? one : nullable(one))])
  )

/** Examples for a body with `example` and the required fields; none where the schema gives no value for one. */
export function givenExamples(profile: ProfileFields, example: object): object[] {
  const needed = writable(profile).filter(([name]) => profile.required.includes(name))
  const values = needed.map(([name, one]) => [name, sample(one)] as const)
  return values.some(([, value]) => value === undefined) ? [] : [{ ...example, ...Object.fromEntries(values) }]
}

/** The profile in an answer: nothing that is not declared leaves, and nothing needs to be there. */
export const shownProfile = ({ fields, isDeclared }: ProfileFields): TSchema =>
  isDeclared
    ? Type.Object(Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, Type.Optional(one)])), {
        title: 'Profile',
        description: 'Further fields of the account',
        additionalProperties: false
      })
    : Type.Record(Type.String(), Type.Unknown(), { description: 'Further fields of the account' })

function nullable(schema: TSchema): TSchema {
  const { type, enum: values, const: only, default: _, ...rest } = schema as Record<string, unknown>
  // Said in the field itself where it can be: what is wrong with a value then reads the same as at registration.
  return type !== undefined && values === undefined && only === undefined
    ? Type.Unsafe({ ...rest, type: [...new Set([type, 'null'].flat())] })
    : Type.Union([schema, Type.Null()])
}

const sample = ({ examples, default: fallback, ...rest }: TSchema & { examples?: unknown[]; default?: unknown }) => {
  const { enum: values, const: only } = rest as { enum?: unknown[]; const?: unknown }
  return examples?.[0] ?? fallback ?? values?.[0] ?? only
}
