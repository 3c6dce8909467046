import type { FastifySchemaValidationError } from 'fastify'
import type { FieldErrors } from './errors.ts'

/** Says what is wrong with a body by the name of the field; what is wrong with the body itself goes under `body`. */
export function fieldErrors(errors: FastifySchemaValidationError[]): FieldErrors {
  const found: FieldErrors = {}
  for (const { keyword, instancePath, params, message = 'does not fit' } of errors) {
    const path = instancePath.slice(1).replaceAll('/', '.')
    const { requiredProperties = [], additionalProperties = [] } = params as Record<string, string[] | undefined>
    if (keyword === 'required') for (const name of requiredProperties) add(at(path, name), 'This field is required.')
    else if (keyword === 'additionalProperties')
      for (const name of additionalProperties) add(at(path, name), 'There is no such field.')
    else if (keyword !== 'boolean') add(path || 'body', `${message[0]?.toUpperCase()}${message.slice(1)}.`)
  }
  return found

  function add(field: string, sentence: string) {
    found[field] = [...new Set(found[field]).add(sentence)]
  }
}

const at = (path: string, name: string) => (path ? `${path}.${name}` : name)
