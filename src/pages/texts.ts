import { templateProblems } from '../mail/template-check.ts'

/** The words of all pages in one language, by key. */
export type Texts = Readonly<Record<string, string>>

/** What may stand in braces in a text. */
export const TEXT_VALUES = ['service', 'password_min']

interface Terms {
  /** The texts that there are. */
  known: Texts
  /** Whether none of them may be missing. */
  whole: boolean
}

/** Reads texts from JSON; a sentence that says what is wrong when they cannot be used. */
export function readTexts(source: string, { known, whole }: Terms): Texts | string {
  let found: unknown
  try {
    found = JSON.parse(source.replace(/^\uFEFF/, ''))
  } catch (error) {
    return `it is not JSON: ${(error as Error).message}`
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    return 'it is no object of texts; give {"continue": "Go on"}, for example'
  for (const [key, text] of Object.entries(found)) {
    if (!Object.hasOwn(known, key)) return `there is no text ${key}; docs/pages.md says where all keys stand`
    if (typeof text !== 'string' || text.trim() === '') return `the text ${key} is empty, or no text`
    const [problem] = templateProblems(text, { values: TEXT_VALUES })
    if (problem) return `in the text ${key}, ${problem}`
  }
  const missing = whole ? Object.keys(known).filter(key => !Object.hasOwn(found, key)) : []
  return missing.length > 0
    ? `a language needs all its texts, and these are missing: ${missing.join(', ')}`
    : { ...found }
}
