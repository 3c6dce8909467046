import { type Difference, differences } from './differences.ts'

/** The list as it stands in docs/django-differences.md. */
export const asMarkdown = (): string => differences.map(section).join('\n')

function section({ title, why, answers }: Difference): string {
  const rows = Object.entries(answers).map(
    ([name, [django, postern]]) => `| ${name} | \`${django}\` | \`${postern}\` |`
  )
  return [`### ${title}`, '', why, '', '| request | SimpleJWT 5.2 | Postern |', '|---|---|---|', ...rows, ''].join('\n')
}
