// They are joined with commas in headers and lists, so a role is one plain word.
const ROLE = /^[\w.:-]{1,64}$/

/** What is wrong with the name of a role, in words for a person; undefined when nothing is. */
export const roleProblem = (role: string): string | undefined =>
  ROLE.test(role) ? undefined : 'Must be letters, digits and . _ - : only, 1 to 64 of them.'
