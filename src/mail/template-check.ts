import Mustache from 'mustache'

/** What a template may and must show. */
export interface Terms {
  /** Escaped, as `{{name}}` or as a section. */
  values: readonly string[]
  /** As it is, `{{{name}}}`: what was rendered before. */
  raw?: string
  /** Without these it is of no use. */
  must?: readonly string[]
}

type Token = [type: string, value: string, start: number, end: number, inner?: Token[] | string]

/** What is wrong with a template, as sentences; none when it can be used. */
export function* templateProblems(source: string, terms: Terms): Generator<string> {
  let tokens: Token[]
  try {
    tokens = [...walk(Mustache.parse(source) as unknown as Token[])]
  } catch (error) {
    yield `it is no Mustache template: ${(error as Error).message}`
    return
  }
  for (const [type, name] of tokens) {
    if (type === '>') yield `{{> ${name}}}: there are no partials; write out what shall stand there`
    else if (type === '&' && name !== terms.raw) yield `{{{${name}}}} would not be escaped; write {{${name}}}`
    else if (['name', '#', '^'].includes(type) && !terms.values.includes(name))
      yield `there is no value ${name}; there are ${terms.values.toSorted().join(', ')}`
  }
  const shown = tokens.filter(([type]) => type === 'name' || type === '&').map(([, name]) => name)
  for (const name of terms.must ?? []) {
    if (!shown.includes(name))
      yield `it does not show ${name}; write ${name === terms.raw ? `{{{${name}}}}` : `{{${name}}}`}`
  }
}

function* walk(tokens: Token[]): Generator<Token> {
  for (const token of tokens) {
    yield token
    if (Array.isArray(token[4])) yield* walk(token[4])
  }
}
