import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import type { TokenPair } from '../core/tokens.ts'
import { PosternError } from '../errors.ts'
import { cookieNames } from './names.ts'
import { createOwnPagesOnly, isSafe, type Sent } from './own-pages.ts'
import { readCookie } from './read.ts'

interface Attributes {
  httpOnly: boolean
  secure: boolean
  sameSite: 'lax'
  path: string
  maxAge: number
}

interface Parts {
  config: Pick<Config, 'publicUrl' | 'authCorsOrigins'>
  /** A Set-Cookie header. `maxAge` is seconds. */
  serialize(name: string, value: string, attributes: Attributes): string
  /** For how many seconds a refresh token of ours is good. */
  lifeOf(refresh: string): number
}

/** What a login or refresh answers when its tokens went into cookies. */
export type CookieSession = Pick<TokenPair, 'token_type' | 'expires_in'>

type Issue = () => Promise<TokenPair>

const UNUSABLE = 'Cookies need https, and PUBLIC_URL begins with http.'

export type Cookies = ReturnType<typeof createCookies>

/** Tokens in cookies that no script can read, for browsers. */
export function createCookies({ config, serialize, lifeOf }: Parts) {
  const names = cookieNames(config.publicUrl)
  const demandOwnPage = createOwnPagesOnly(config)
  /** Requests whose refresh token came in a cookie. */
  const byCookie = new WeakSet<FastifyRequest>()

  function set(reply: FastifyReply, access: string, accessLife: number, refresh: string, refreshLife: number): void {
    if (!names) return
    const attributes = { httpOnly: true, secure: names.secure, sameSite: 'lax', path: '/' } as const
    reply.header('set-cookie', [
      serialize(names.access, access, { ...attributes, maxAge: accessLife }),
      serialize(names.refresh, refresh, { ...attributes, maxAge: refreshLife })
    ])
  }

  const clear = (reply: FastifyReply) => set(reply, '', 0, '', 0)

  function hand(reply: FastifyReply, { access, refresh, token_type, expires_in }: TokenPair): CookieSession {
    set(reply, access, expires_in, refresh, lifeOf(refresh))
    return { token_type, expires_in }
  }

  async function enter(request: Sent, reply: FastifyReply, issue: Issue): Promise<CookieSession> {
    if (!names) throw new PosternError('validation_failed', { errors: { transport: [UNUSABLE] } })
    demandOwnPage(request)
    return hand(reply, await issue())
  }

  return {
    /** Whether there can be any: PUBLIC_URL is https, or leads to this machine. */
    areUsable: names !== undefined,

    /** The access token in the cookie of a request. Throws `csrf_failed` when a foreign page may have sent it. */
    accessToken(request: Sent): string | undefined {
      const token = names && readCookie(request.headers.cookie, names.access)
      if (token !== undefined && !isSafe(request)) demandOwnPage(request)
      return token
    },

    /**
     * A hook, before validation: where there is no body, the refresh cookie stands in for it. Throws `csrf_failed`, and
     * `validation_failed` where JSON was announced and neither is there.
     */
    async standIn(request: FastifyRequest): Promise<void> {
      const { body, headers } = request
      if (body !== undefined) return
      const refresh = names && readCookie(headers.cookie, names.refresh)
      if (refresh === undefined) {
        if (headers['content-type'] === undefined) return
        throw new PosternError('validation_failed', { detail: 'The body is empty; send JSON.' })
      }
      demandOwnPage(request)
      byCookie.add(request)
      request.body = { refresh }
    },

    /**
     * Answers a login with its pair, or puts that into cookies when `?transport=cookie` asks for them. Throws `csrf_failed`,
     * `validation_failed` where there can be no cookies, and what `issue` throws.
     */
    async login(request: FastifyRequest, reply: FastifyReply, issue: Issue): Promise<TokenPair | CookieSession> {
      return (request.query as { transport?: string }).transport === 'cookie' ? enter(request, reply, issue) : issue()
    },

    /** The same for a form that wants nothing but cookies. */
    enter,

    /** Answers a refresh, in the way that its token came. A cookie whose token is not valid goes from the browser. */
    async refresh(request: FastifyRequest, reply: FastifyReply, issue: Issue): Promise<TokenPair | CookieSession> {
      if (!byCookie.has(request)) return issue()
      try {
        return hand(reply, await issue())
      } catch (error) {
        if (isNotValid(error)) clear(reply)
        throw error
      }
    },

    /**
     * Ends a session, and clears the cookies if the token came in one: then it is no error that the session had ended
     * already. They stay when `end` fails in another way, for another try.
     */
    async logout(request: FastifyRequest, reply: FastifyReply, end: () => Promise<void>): Promise<void> {
      try {
        await end()
      } catch (error) {
        if (!byCookie.has(request) || !isNotValid(error)) throw error
      }
      if (byCookie.has(request)) clear(reply)
    },

    /** Clears the cookies if it was their user who was signed in, and not that of a bearer token. */
    forget({ headers }: FastifyRequest, reply: FastifyReply): void {
      if (headers.authorization === undefined) clear(reply)
    }
  }
}

const isNotValid = (error: unknown) => error instanceof PosternError && error.code === 'token_not_valid'
