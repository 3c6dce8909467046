import type { Bench } from './bench.ts'
import type { Comparison } from './comparison.ts'

/** One line of the table. */
export interface Figure {
  label: string
  /** What was measured, in words; likewise its limit, if it has one. */
  measured: string
  limit?: string
  /** What the bound is about: a ratio, or `measured` as a number. */
  value: number
  unit: '' | 'ms' | 's' | 'MB'
  least?: number
  most?: number
  /** All single measurements. */
  rounds: unknown
}

/** Measures something and says what came of it. */
export type Row = (bench: Bench) => Promise<Figure[]>

/** 12,345/s. */
export const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en-US')}/s`

/** The line for a comparison. */
export function ratio(label: string, limit: string, comparison: Comparison, bound: { least?: number } = {}): Figure {
  return {
    label,
    measured: perSecond(comparison.measured),
    limit: `${limit}: ${perSecond(comparison.limit)}`,
    value: comparison.ratio,
    unit: '',
    ...bound,
    rounds: comparison.rounds
  }
}

/** Whether a figure keeps its bound; undefined when it has none. */
export function isMet({ value, least, most }: Figure): boolean | undefined {
  if (least !== undefined) return value >= least
  return most === undefined ? undefined : value <= most
}
