import type { Profiles } from '../core/profiles.ts'

/** What is asked for on a page. */
export interface Field {
  name: string
  /** As what its value is sent; a choice is one of some texts. */
  kind: 'text' | 'number' | 'boolean' | 'choice' | 'json'
  type: 'text' | 'password' | 'url' | 'date'
  /** What a browser fills in (HTML, section 4.10.18.7). */
  autocomplete: string
  inputmode: string
  /** Keys of the texts; of a field of the profile schema its own words. */
  label: string
  hint?: string
  options?: readonly string[]
}

const text = { kind: 'text', type: 'text', inputmode: 'text' } as const

// No input of the type email: its rules are not ours, and an address that has an account must not be refused by them.
const email: Field = { ...text, name: 'email', autocomplete: 'email', inputmode: 'email', label: 'email.label' }
const code: Field = { ...text, name: 'code', autocomplete: 'one-time-code', label: 'code.label' }
const secret = { ...text, type: 'password', autocomplete: 'new-password', hint: 'password.hint' } as const

/** Where a mail is to be sent. */
export const ADDRESS: readonly Field[] = [email]
/** What shows that somebody has a mail, where its link was not opened. */
export const PROOF: readonly Field[] = [email, code]
/** A password in the place of another one. */
export const NEW_PASSWORD: readonly Field[] = [{ ...secret, name: 'new_password', label: 'new_password.label' }]
/** What a new account needs. */
export const ACCOUNT: readonly Field[] = [
  { ...text, name: 'username', autocomplete: 'username', label: 'username.label' },
  { ...secret, name: 'password', label: 'password.label' }
]

type Declared = Pick<Profiles, 'fields' | 'required'>

/** The fields of the profile schema without which there is no account. */
export const profileFields = ({ fields, required }: Declared): Field[] =>
  Object.entries(fields)
    .filter(([name, one]) => required.includes(name) && !one.readOnly && !Object.hasOwn(one, 'default'))
    .map(([name, one]) => profileField(name, one as Declaration))

interface Declaration {
  type?: unknown
  enum?: unknown[]
  format?: string
  title?: string
  description?: string
}

function profileField(name: string, declared: Declaration): Field {
  const { type, enum: options, format, title = name, description } = declared
  const field: Field = { ...text, name, autocomplete: 'off', label: title, hint: description }
  if (options?.every(option => typeof option === 'string')) return { ...field, kind: 'choice', options }
  if (type === 'string') return { ...field, type: typeOf(format), inputmode: format === 'email' ? 'email' : 'text' }
  if (type === 'boolean') return { ...field, kind: 'boolean' }
  if (type === 'integer' || type === 'number')
    return { ...field, kind: 'number', inputmode: type === 'integer' ? 'numeric' : 'decimal' }
  return { ...field, kind: 'json', hint: description ?? 'field.json' }
}

const typeOf = (format: string | undefined) => (format === 'date' ? 'date' : format === 'uri' ? 'url' : 'text')

/** The values of fields, out of the texts of a form; what is no value of its kind stays a text, for the check to refuse. */
export function valuesOf(fields: readonly Field[], form: Record<string, unknown>): Record<string, unknown> {
  const given = fields.filter(({ name, kind }) => kind === 'boolean' || Object.hasOwn(form, name))
  return Object.fromEntries(given.map(({ name, kind }) => [name, VALUE_OF[kind](form[name])]))
}

const VALUE_OF: Record<Field['kind'], (given: unknown) => unknown> = {
  text: given => given,
  choice: given => given,
  boolean: given => given === 'true',
  number: given => (Number.isNaN(Number(given)) ? given : Number(given)),
  json: given => {
    try {
      return JSON.parse(`${given}`)
    } catch {
      return given
    }
  }
}
