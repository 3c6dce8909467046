import { type Figure, isMet } from './figure.ts'
import { unusual } from './settings.ts'

/** The table of the figures, in Markdown. */
export function table(figures: Figure[], quick: boolean): string {
  const lines = figures.map(figure => [
    figure.label,
    figure.measured,
    figure.limit ?? '',
    figure.unit === '' ? figure.value.toFixed(2) : '',
    quick ? '' : verdict(figure)
  ])
  const head = ['', 'Measured', 'Its limit', 'Ratio', 'Bound']
  return [head, ['---', '---', '---', '---', '---'], ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function verdict(figure: Figure): string {
  const met = isMet(figure)
  if (met === undefined) return ''
  const { least, most, unit } = figure
  const bound = least === undefined ? `at most ${most} ${unit}` : `at least ${least.toFixed(2)}`
  return `${bound}: ${met ? 'met' : '**missed**'}`
}

/** How the figures came about. */
export function notes(machine: string, rounds: number): string {
  const settings = Object.entries(unusual).map(([name, value]) => `${name}=${value}`)
  return `${machine}.
Medians of ${rounds} round${rounds === 1 ? '' : 's'}; in each, what is measured and its limit take turns, and a ratio is the median of the rounds' own ratios.
Every server and every generator is a process of its own on this machine. Settings beside the defaults: NODE_ENV=production ${settings.join(' ')}.`
}
