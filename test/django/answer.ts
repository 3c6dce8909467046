/** What of an answer a client sees: as one line, and what else stands in the headers. */
export interface Answer {
  line: string
  headers: Record<string, string>
}

const COMPARED = ['content-type', 'allow', 'vary', 'www-authenticate', 'location']
/** What the server under the service says, not the service. */
const TRANSPORT = ['date', 'server', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']

/** Describes an answer: tokens are all alike, a page is a page, and how a path describes itself is its own matter. */
export async function describe(answer: Response): Promise<Answer> {
  const text = await answer.text()
  const type = answer.headers.get('content-type') ?? ''
  const body = type.startsWith('application/json') && text ? JSON.stringify(JSON.parse(text, hide)) : text && 'a page'
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !TRANSPORT.includes(name)))
  const usual = answer.status === 401 ? { ...USUAL, 'www-authenticate': 'Bearer realm="api"' } : USUAL
  const said = COMPARED.filter(name => name in headers && headers[name] !== usual[name])
  const unsaid = Object.keys(usual).filter(name => !(name in headers))
  const extras = [...said.map(name => `${name}: ${headers[name]}`), ...unsaid.map(name => `no ${name}`)]
  const others = Object.entries(headers).filter(([name]) => !COMPARED.includes(name))
  return {
    line: [`${answer.status} ${body}`.trim(), ...extras].join('; '),
    headers: Object.fromEntries(others)
  }
}

/** What is the same on nearly every answer of both, and is named only where it is not. */
const USUAL: Record<string, string | undefined> = {
  'content-type': 'application/json',
  allow: 'POST, OPTIONS',
  vary: 'Accept'
}

function hide(key: string, value: unknown): unknown {
  if (['name', 'description'].includes(key)) return '(words)'
  return typeof value === 'string' && /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(value) ? '(token)' : value
}
