import Negotiator from 'negotiator'

/** Whether a language tag (BCP 47) is written as it should be: `pt-BR`, not `pt_br`. */
export function isCanonical(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag)[0] === tag
  } catch {
    return false
  }
}

const best = (wanted: string, among: readonly string[]): string | undefined =>
  new Negotiator({ headers: { 'accept-language': wanted } }).language(among)

/** Whether one of the languages fits a tag: `de` fits `de-AT`. */
export const isAmong = (languages: readonly string[], tag: string): boolean => best(tag, languages) !== undefined

/**
 * The language that fits best of those that are there: what an Accept-Language header (RFC 9110 section 12.5.4) asks for,
 * else `preferred`, else English. `de-AT` finds `de`, and `pt` finds `pt-BR`.
 */
export function chooseLanguage(present: Iterable<string>, header: string | undefined, preferred: string): string {
  const available = [...present]
  const local = best(preferred, available) ?? 'en'
  // In front, because among languages that are as welcome as each other the first one wins.
  const byRank = [local, ...available.filter(language => language !== local)]
  return (header && best(header, byRank)) || local
}
