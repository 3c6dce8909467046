import type { FastifySchemaValidationError } from 'fastify'
import type { FieldErrors } from './errors.ts'

/** Says what is wrong with a body by the name of the field; what is wrong with the body itself goes under `body`. */
export function fieldErrors(errors: FastifySchemaValidationError[]): FieldErrors {
  // A Map, for the names are the sender's: an object would find a `constructor` in itself.
  const found = new Map<string, Set<string>>()
  for (const { keyword, instancePath, params, message = 'does not fit' } of errors) {
    const path = instancePath.slice(1).split('/').map(unescaped).join('.')
    const { requiredProperties = [] } = params as Record<string, string[] | undefined>
    if (keyword === 'required') for (const name of requiredProperties) add(at(path, name), 'This field is required.')
    else if (keyword === 'boolean') add(path, 'There is no such field.')
    // What it sums up was said before it, field by field.
    else if (keyword !== 'additionalProperties') {
      add(path || 'body', `${message[0]?.toUpperCase()}${message.slice(1)}.`)
    }
  }
  return Object.fromEntries([...found].map(([field, sentences]) => [field, [...sentences]]))

  function add(field: string, sentence: string) {
    found.set(field, (found.get(field) ?? new Set()).add(sentence))
  }
}

const at = (path: string, name: string) => (path ? `${path}.${name}` : name)

/** One step of a JSON pointer (RFC 6901 section 4). */
const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
