const BOOLEANS = new Map([
  ['t', true],
  ['true', true],
  ['1', true],
  ['f', false],
  ['false', false],
  ['0', false]
])
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i

/** A value as text; empty for what is not there. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A boolean of JSON, SQLite or CSV (`t`, `true`, `1`); `absent` for none, undefined for anything else. */
export function booleanOf(value: unknown, absent: boolean): boolean | undefined {
  const text = textOf(value).trim().toLowerCase()
  return text === '' ? absent : BOOLEANS.get(text)
}

/** A time, which without a zone is UTC, to the millisecond; null for none, undefined for anything else. */
export function timeOf(value: unknown): Date | null | undefined {
  const text = textOf(value).trim()
  if (text === '') return null
  const [, day, time, fraction = '', zone = 'Z'] = TIME.exec(text) ?? []
  if (!day) return undefined
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`
  const date = new Date(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`)
  return Number.isNaN(date.getTime()) ? undefined : date
}
