import { Type } from 'typebox'

/** A text; `expected` says what would be right where it does not fit. */
export const text = (description: string, options: object = {}) => Type.String({ description, ...options })

/** A length of time as people write it. */
export const duration = (fallback: string, description: string) =>
  text(description, {
    default: fallback,
    pattern: '^(0|[1-9]\\d*(ms|s|m|h|d))$',
    expected: 'a duration such as 30s, 5m or 1d'
  })

/** One of some words; the first is the default. */
export const choice = <const Value extends string>(values: readonly [Value, ...Value[]], description: string) =>
  Type.Unsafe<Value>({
    type: 'string',
    enum: values,
    default: values[0],
    description,
    expected: `one of ${values.join(', ')}`
  })
