import { Compile, type Validator } from 'typebox/compile'
import { type FieldErrors, PosternError } from '../errors.ts'
import type { ProfileSchema } from './profile-schema.ts'

/** The fields of a user beside ours, by name. */
export type Profile = Record<string, unknown>

/** Who writes: users cannot write what is readOnly, administrators and the command line can. */
export type Writer = 'user' | 'admin'

export type Profiles = ReturnType<typeof createProfiles>

/** Bytes of JSON that the fields of one user may have together, and those of them that go into tokens. */
const MOST = 16 * 1024
const MOST_IN_TOKENS = 1024

/** The rules for the fields that the profile schema declares; without a schema there are none to be written. */
export function createProfiles(schema: ProfileSchema | undefined) {
  const { fields, required, claims: claimed } = schema ?? { fields: {}, required: [], claims: [] }
  const validators = new Map<string, Validator>(Object.entries(fields).map(([name, one]) => [name, Compile(one)]))
  const defaults = Object.entries(fields).filter(([, one]) => Object.hasOwn(one, 'default'))

  const isWritable = (name: string, writer: Writer) =>
    validators.has(name) && !(writer === 'user' && fields[name]?.readOnly)

  function problem(name: string, value: unknown, writer: Writer): string | undefined {
    const validator = validators.get(name)
    if (!validator || !isWritable(name, writer)) return 'There is no such field.'
    if (validator.Check(value)) return undefined
    const { message = 'does not fit' } = validator.Errors(value)[0] ?? {}
    return `${message[0]?.toUpperCase()}${message.slice(1)}.`
  }

  const problems = (given: Profile, writer: Writer): FieldErrors =>
    Object.fromEntries(
      Object.keys(given).flatMap(name => {
        const sentence = problem(name, given[name], writer)
        return sentence ? [[name, [sentence]]] : []
      })
    )

  const inTokens = (profile: Profile): [string, unknown][] =>
    claimed.filter(name => Object.hasOwn(profile, name)).map(name => [name, profile[name]])

  function refuse(errors: FieldErrors): void {
    if (Object.keys(errors).length > 0) throw new PosternError('validation_failed', { errors })
  }

  function demandSize(profile: Profile): void {
    if (size(profile) > MOST) refuse({ profile: ['The fields have more than 16 kB together.'] })
    const shown = inTokens(profile)
    if (size(Object.fromEntries(shown)) > MOST_IN_TOKENS)
      refuse(Object.fromEntries(shown.map(([name]) => [name, ['What goes into tokens has more than 1 kB together.']])))
  }

  /** What is declared and fits: the schema may be newer than the row. */
  const show = (profile: Profile): Profile =>
    schema ? pick(profile, (name, value) => validators.get(name)?.Check(value) ?? false) : profile

  return {
    fields,
    required,
    /** Whether there is a profile schema; without one, profiles that were imported are shown as they are. */
    isDeclared: schema !== undefined,
    show,
    /** What is wrong with the fields of a new user, by field. */
    problems(given: Profile, writer: Writer): FieldErrors {
      const missing = required.filter(
        name => !Object.hasOwn(given, name) && !defaults.some(([other]) => other === name)
      )
      return {
        ...Object.fromEntries(missing.map(name => [name, ['This field is required.']])),
        ...problems(given, writer)
      }
    },
    /** The profile of a new user, with the defaults; the fields are already checked. Throws `validation_failed`. */
    complete(given: Profile): Profile {
      const profile = { ...Object.fromEntries(defaults.map(([name, one]) => [name, one.default])), ...given }
      demandSize(profile)
      return profile
    },
    /** A stored profile with changes; null takes a field away (RFC 7396). Throws `validation_failed`. */
    merge(stored: Profile, changes: Profile, writer: Writer): Profile {
      const removes = (name: string) =>
        Object.hasOwn(changes, name) && changes[name] === null && isWritable(name, writer) && !required.includes(name)
      refuse(
        problems(
          pick(changes, name => !removes(name)),
          writer
        )
      )
      const profile = pick({ ...stored, ...changes }, name => !removes(name))
      demandSize(profile)
      return profile
    },
    /** The fields that access tokens show; undefined when there are none. */
    claims(profile: Profile): Profile | undefined {
      return claimed.length > 0 ? Object.fromEntries(inTokens(show(profile))) : undefined
    },
    /** The names of the fields that access tokens show. */
    claimed
  }
}

const pick = (profile: Profile, keep: (name: string, value: unknown) => boolean): Profile =>
  Object.fromEntries(Object.entries(profile).filter(([name, value]) => keep(name, value)))

const size = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
