import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'

type Sent = Omit<InjectOptions, 'url' | 'method'> & { headers?: Record<string, string | undefined> }

/** What a browser says of a request that a page of the service itself sends. */
export const OWN_PAGE = { 'sec-fetch-site': 'same-origin' }

/** A client that keeps cookies as a browser does, and sends them with everything; `page` says where it stands. */
export function browser(app: FastifyInstance, page: Record<string, string | undefined> = OWN_PAGE) {
  const jar = new Map<string, string>()

  function keep({ cookies }: LightMyRequestResponse): void {
    for (const { name, value, maxAge } of cookies) {
      if (maxAge === 0) jar.delete(name)
      else jar.set(name, value)
    }
  }

  async function send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, { headers, ...more }: Sent = {}) {
    const cookie = jar.size === 0 ? undefined : [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const all = Object.entries({ cookie, ...page, ...headers }).filter(([, value]) => value !== undefined)
    const answer = await app.inject({
      method,
      url,
      ...more,
      headers: Object.fromEntries(all) as Record<string, string>
    })
    keep(answer)
    return answer
  }

  const post = (url: string, payload?: object, headers?: Sent['headers']) => send('POST', url, { payload, headers })
  return {
    jar,
    send,
    post,
    get: (url: string, headers?: Sent['headers']) => send('GET', url, { headers }),
    login: (headers?: Sent['headers'], username = 'ada') =>
      post('/api/login/?transport=cookie', { username, password: 'correct horse' }, headers),
    refresh: (headers?: Sent['headers']) => post('/api/refresh/', undefined, headers),
    logout: (headers?: Sent['headers']) => post('/api/logout/', undefined, headers),
    protected: (headers?: Sent['headers']) => send('GET', '/api/protected/', { headers })
  }
}
