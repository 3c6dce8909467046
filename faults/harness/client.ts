/** What came back. Status 0 says that there was no answer: the connection was refused or cut, or patience ended. */
export interface Answer {
  status: number
  body: Record<string, unknown>
  /** Milliseconds until the answer was there. */
  ms: number
}

/** The id and the secret of a registered client, for revocation. */
export interface OAuthClient {
  id: string
  secret: string
}

/** What a request is made of; JSON is posted unless the method says otherwise. */
export interface Sending {
  method?: string
  json?: object
  form?: Record<string, string>
  authorization?: string
}

/** Sends one request; it never throws. */
export type Send = (path: string, sending?: Sending) => Promise<Answer>

export type Client = ReturnType<typeof createCalls>

/** Calls of the service over connections that are kept alive. No call throws: see `Answer`. */
export function createClient(url: string, timeoutMs = 10_000): Client {
  return createCalls(async (path, { method, json, form, authorization } = {}) => {
    const began = performance.now()
    const headers: Record<string, string> = authorization ? { authorization } : {}
    if (json) headers['content-type'] = 'application/json'
    const body = json ? JSON.stringify(json) : form && new URLSearchParams(form)
    try {
      const answer = await fetch(url + path, {
        method: method ?? (body ? 'POST' : 'GET'),
        headers,
        body,
        signal: AbortSignal.timeout(timeoutMs)
      })
      const text = await answer.text()
      return { status: answer.status, body: text ? parse(text) : {}, ms: performance.now() - began }
    } catch (error) {
      return { status: 0, body: { detail: reason(error) }, ms: performance.now() - began }
    }
  })
}

/** The calls of the service, over any way to send a request. */
export function createCalls(send: Send) {
  const bearer = (access: string) => `Bearer ${access}`

  return {
    send,
    register: (username: string, email: string, password: string) =>
      send('/api/register/', { json: { username, email, password } }),
    login: (username: string, password: string) => send('/api/login/', { json: { username, password } }),
    refresh: (refresh: string) => send('/api/refresh/', { json: { refresh } }),
    logout: (refresh: string) => send('/api/logout/', { json: { refresh } }),
    protected: (access: string) => send('/api/protected/', { authorization: bearer(access) }),
    /** Whether a token of either kind would be accepted now; changes nothing. */
    verify: (token: string) => send('/api/verify/', { json: { token } }),
    changePassword: (access: string, old_password: string, new_password: string) =>
      send('/api/change-password/', { json: { old_password, new_password }, authorization: bearer(access) }),
    /** RFC 7009. */
    revoke: (token: string, { id, secret }: OAuthClient) =>
      send('/oauth/revoke', {
        form: { token },
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
      }),
    askReset: (email: string) => send('/api/password-reset/', { json: { email } }),
    reset: (token: string, new_password: string) =>
      send('/api/password-reset/confirm/', { json: { token, new_password } }),
    ready: () => send('/health/ready')
  }
}

/** Whether it is known that the request had its effect. */
export const isDone = ({ status }: Answer): boolean => status >= 200 && status < 300

/** Whether it is known that the request had no effect; what is neither done nor refused may have had it. */
export const isRefused = ({ status }: Answer): boolean => status >= 400 && status < 500

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return { text }
  }
}

function reason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
