import type { Source } from './parse.ts'

/** One rule of the house, with what proves that it would notice. */
export interface Rule {
  rule: string
  /** What breaks the rule, a sentence each; `dependencies` are those of the package. */
  check: (sources: Source[], dependencies: string[]) => string[]
  /** Files that break it in every way, beside some that look like it and do not. */
  broken: Record<string, string>
  /** What must be said of them, sorted. */
  said: string[]
}
