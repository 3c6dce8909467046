const KNOWN = new Set([
  'id',
  'password',
  'username',
  'email',
  'first_name',
  'last_name',
  'is_active',
  'is_staff',
  'is_superuser',
  'groups',
  'date_joined',
  'last_login'
])

/** Whether these can be the columns of a table of users. */
export const areOfUsers = (columns: readonly string[]): boolean => missingColumn(columns) === undefined

/** The first column that is needed and not there; undefined when all are. */
export function missingColumn(columns: readonly string[]): string | undefined {
  if (!columns.includes('username') && !columns.includes('email')) return 'username'
  return ['password', 'id'].find(name => !columns.includes(name))
}

/** The columns that nothing is done with. */
export const ignoredColumns = (columns: Iterable<string>): string[] => [...columns].filter(name => !KNOWN.has(name))
