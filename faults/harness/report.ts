import { type Experiment, held, type Need, type Outcome } from './experiment.ts'

/** What became of an experiment; without an outcome it was skipped, because of what is missing. */
export interface Result {
  experiment: Experiment
  missing: Need[]
  seconds: number
  outcome?: Outcome
}

const HEADINGS = ['experiment', 'trials', 'faults', 'acknowledged', 'lost', 'resurrected', 'duplicated', 'other']
const COLUMNS = [...HEADINGS, 'longest outage', 'figures', 'held']
const SHOWN = 5

/** One line for people: how it went. */
export function line({ experiment, missing, outcome, seconds }: Result): string {
  if (!outcome) return `${experiment.name}: skipped, this machine lacks ${missing.join(', ')}`
  const { trials, faults, acknowledged } = outcome
  const counts = `${trials} trials, ${faults} faults, ${acknowledged} acknowledged`
  return `${experiment.name}: ${held(outcome) ? 'held' : 'DID NOT HOLD'} (${counts}, ${seconds.toFixed(0)} s)`
}

/** What did not hold, one line each, a few of each kind. */
export function complaints({ outcome }: Result): string[] {
  if (!outcome) return []
  const kinds = ['lost', 'resurrected', 'duplicated', 'violations'] as const
  return kinds.flatMap(kind => {
    const all = outcome[kind]
    const more = all.length > SHOWN ? [`${kind}: and ${all.length - SHOWN} more`] : []
    return [...all.slice(0, SHOWN).map(text => `${kind}: ${text}`), ...more]
  })
}

/** The table of all results, in Markdown. */
export function table(results: Result[]): string {
  const rows = [COLUMNS, COLUMNS.map(() => '---'), ...results.map(cells)]
  return rows.map(row => `| ${row.join(' | ')} |`).join('\n')
}

function cells({ experiment: { title, trials }, missing, outcome }: Result): string[] {
  if (!outcome) return [title, `0 of ${trials}`, ...Array(8).fill(''), `skipped: needs ${missing.join(', ')}`]
  const { lost, resurrected, duplicated, violations, longestOutageMs, figures = {} } = outcome
  return [
    title,
    ...[outcome.trials, outcome.faults, outcome.acknowledged].map(count => count.toLocaleString('en')),
    ...[lost, resurrected, duplicated, violations].map(list => String(list.length)),
    longestOutageMs > 0 ? `${(longestOutageMs / 1000).toFixed(1)} s` : '',
    Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    held(outcome) ? 'yes' : '**no**'
  ]
}
