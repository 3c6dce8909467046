import type { Letters } from './letters.ts'
import type { Secrets } from './search.ts'

interface Request {
  method?: string
  body?: object | string
  headers?: Record<string, string>
}

interface Answer {
  status: number
  body: Record<string, string>
}

export type Visitor = ReturnType<typeof visitor>

/** Somebody who keeps every secret that is sent or given, and every answer in which none may stand. */
export function visitor(url: string, letters: Letters) {
  const secrets: Secrets = new Map()
  const refusals: string[] = []
  let count = 0

  /** Keeps something secret; gives it back. */
  function keep<Text extends string>(what: string, secret: Text): Text {
    if (secret !== '') secrets.set(`${what} ${count++}`, secret)
    return secret
  }

  /** Of a JWT the signature is the secret: the rest is what anybody may know. */
  const keepToken = (what: string, token: string) => void keep(what, token.split('.')[2] ?? token)

  async function send(path: string, { method, body, headers = {} }: Request = {}): Promise<Answer> {
    const isForm = body instanceof URLSearchParams
    const answer = await fetch(url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: { ...(body !== undefined && !isForm && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' || isForm ? body : JSON.stringify(body) })
    })
    const text = await answer.text()
    const { status } = answer
    const head = JSON.stringify([...answer.headers])
    refusals.push(status < 400 ? head : `${status} ${head} ${text}`)
    const json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {}
    for (const name of ['access', 'refresh', 'access_token'])
      if (json[name]) keepToken(`${name} of ${path}`, json[name])
    return { status, body: json }
  }

  const post = (path: string, body: object | string, access?: string) =>
    send(path, { body, ...(access && { headers: { authorization: `Bearer ${access}` } }) })

  return {
    secrets,
    refusals,
    keep,
    send,
    post,
    /** Sends with another method. */
    sendAs: (method: string, path: string, access: string, body?: object) =>
      send(path, { method, headers: { authorization: `Bearer ${access}` }, ...(body && { body }) }),
    /** The token and the code of the mail that was asked for. */
    async mailed(kind: string, ask: () => Promise<unknown>): Promise<{ token: string; code: string; email: string }> {
      await letters.none()
      await ask()
      const { token, code, to } = await letters.next()
      return { token: keep(`token of ${kind}`, token), code: keep(`code of ${kind}`, code), email: to }
    }
  }
}
