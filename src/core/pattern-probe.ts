import { runInNewContext } from 'node:vm'

/** As long as a body may be: the validator tries a pattern also on texts that are too long. */
const LONGEST = 64 * 1024
const PATIENCE_MS = 250
const USUAL = ['a', 'A', '0', ' ', '-', '.', 'é']

/**
 * What is wrong with a pattern, in words for whoever wrote it; undefined when nothing was found. It must be a regular
 * expression with the flag u, and give up soon on long texts made of what stands in it: a pattern that backtracks for
 * seconds would stop the whole service.
 */
export function patternProblem(pattern: string): string | undefined {
  let expression: RegExp
  try {
    expression = new RegExp(pattern, 'u')
  } catch {
    return 'is not a regular expression of JavaScript (flag u); give one such as ^[a-z]+$'
  }
  const letters = [...new Set([...USUAL, ...(pattern.match(/[\p{L}\p{N}_:/@,]/gu) ?? [])])].slice(0, 24)
  const units = [...letters, ...letters.map((letter, at) => letter + (letters[at + 1] ?? letters[0]))]
  const texts = units.map(unit => `${unit.repeat(LONGEST / unit.length)}\0`)
  try {
    runInNewContext('texts.forEach(text => expression.test(text))', { expression, texts }, { timeout: PATIENCE_MS })
    return undefined
  } catch {
    return 'takes too long on long texts; begin it with ^ and repeat nothing that holds a repetition of the same'
  }
}
