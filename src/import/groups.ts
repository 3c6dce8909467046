import type { ForeignGroup } from '../core/user-import/source.ts'

/** Groups by their names; an empty name is none. */
export const namedGroups = (names: readonly string[]): ForeignGroup[] =>
  names.flatMap(name => (name.trim() === '' ? [] : [{ name: name.trim() }]))

/**
 * Groups as JSON has them: names with commas between, or a list of names, of natural keys (`["editors"]`) or of ids that
 * `names` knows.
 */
export function groupsOf(value: unknown, names: ReadonlyMap<string, string> = new Map()): ForeignGroup[] {
  if (typeof value === 'string') return namedGroups(value.split(','))
  if (!Array.isArray(value)) return []
  return value.map(group => {
    if (typeof group === 'string' && !names.has(group)) return { name: group }
    if (Array.isArray(group) && typeof group[0] === 'string') return { name: group[0] }
    const name = names.get(String(group))
    return name === undefined ? { id: String(group) } : { name }
  })
}
