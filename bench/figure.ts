import type { Bench } from './bench.ts'
import type { Comparison, Measurement } from './comparison.ts'

/** One line of the table. */
export interface Figure {
  label: string
  /** What was measured, in words; likewise its limit, if it has one. */
  measured: string
  limit?: string
  /** What the bound is about: a ratio, or `measured` as a number. */
  value: number
  unit: '' | 'µs' | 'ms' | 's' | 'MB'
  least?: number
  most?: number
  /** Which share of the time the server that is the limit was busy; below 0.9 something else was the limit. */
  limitBusy?: number
  /** All single measurements, and what else is for the JSON file only. */
  details: unknown
}

/** Measures something and says what came of it. */
export type Row = (bench: Bench) => Promise<Figure[]>

/** A whole number for people: 12,345. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

const perSecond = ({ rate }: Measurement): string => `${count(rate)}/s`

/** The line for a comparison. */
export function ratio(label: string, limit: string, comparison: Comparison, bound: { least?: number } = {}): Figure {
  return {
    label,
    measured: perSecond(comparison.measured),
    limit: `${limit}: ${perSecond(comparison.limit)}`,
    value: comparison.ratio,
    unit: '',
    ...bound,
    limitBusy: comparison.limit.busy,
    details: { processorRatio: comparison.processorRatio, rounds: comparison.rounds }
  }
}

/** Whether a figure keeps its bound; undefined when it has none. */
export function isMet({ value, least, most }: Figure): boolean | undefined {
  if (least !== undefined) return value >= least
  return most === undefined ? undefined : value <= most
}
