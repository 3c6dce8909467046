import { type Figure, isMet } from './figure.ts'
import { unusual } from './settings.ts'

const SATURATED = 0.9

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
export function notes(machine: string, rounds: number, figures: Figure[]): string {
  const settings = Object.entries(unusual).map(([name, value]) => `${name}=${value}`)
  return `${machine}.
Medians of ${rounds} round${rounds === 1 ? '' : 's'}; in each, what is measured and its limit take turns, and a ratio is the median of the rounds' own ratios.
Every server and every generator is a process of its own on this machine. Settings beside the defaults: NODE_ENV=production ${settings.join(' ')}.
${saturation(figures)}`.trimEnd()
}

/** A limit is one only where its server had no time left. */
function saturation(figures: Figure[]): string {
  const busy = figures.map(({ limitBusy = Number.NaN }) => limitBusy).filter(share => !Number.isNaN(share))
  if (busy.length === 0) return ''
  const least = Math.min(...busy)
  const found = `The bare server was busy for at least ${Math.round(least * 100)} % of the time`
  return least < SATURATED ? `**${found}: something else used this machine, and the ratios flatter.**` : `${found}.`
}
