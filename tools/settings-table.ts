import { readFile, writeFile } from 'node:fs/promises'
import { environmentName, properties } from '../src/options.ts'

const MARKS = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/

/** A Markdown table of every setting, made from the options themselves. */
export function settingsTable(): string {
  const rows = Object.entries(properties).map(([option, { default: fallback, description, expected }]) => {
    const written =
      typeof fallback === 'object' && !Array.isArray(fallback) ? JSON.stringify(fallback) : `${fallback ?? ''}`
    const given = written === '' ? '' : `\`${written}\``
    const choices = expected?.startsWith('one of ') ? `; ${expected}` : ''
    return `| ${environmentName(option)} | ${given} | ${description}${choices} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}

/** The text with the table between its marks made anew. */
export const withSettingsTable = (text: string): string =>
  text.replace(MARKS, (_all, open, close) => `${open}${settingsTable()}${close}`)

if (import.meta.main) await writeFile('README.md', withSettingsTable(await readFile('README.md', 'utf8')))
