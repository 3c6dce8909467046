import { existsSync, readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Keep } from './records.ts'

export type Observer = ReturnType<typeof createObserver>

const ASKED = /^((old_|new_)?password|token|refresh|access|code|client_secret|mfa_token|recovery_code|assertion)$/
const GIVEN = /^(access|refresh|access_token|refresh_token|token|mfa_token|client_secret|secret|recovery_codes)$/
const OF_SETTINGS = /^(AUTH_SECRET|AUTH_SIMPLEJWT_KEY)$/
const NAMES = /^(username|email|id)$/
/** Of what is longer the beginning says enough. */
const LONGEST = 200
// Some tests send thousands of brackets.
const DEEPEST = 8

/** Keeps what a process sees of secrets: those that clients send and get, those of mails, and those of settings. */
export function createObserver(record: Keep) {
  const known = new Set<string>()

  function keep(kind: string, text: string): void {
    // Of a JWT the signature is the secret: the rest is what anybody may know.
    const secret = (/^[\w-]+\.[\w-]+\.([\w-]+)$/.exec(text)?.[1] ?? text).slice(0, LONGEST)
    if (known.has(secret)) return
    known.add(secret)
    record('secrets', `${JSON.stringify({ kind, secret })}\n`)
  }

  function keepName(name: string): void {
    if (known.has(` ${name}`)) return
    known.add(` ${name}`)
    record('public', `${JSON.stringify(name)}\n`)
  }

  function headers({ headers }: FastifyRequest): void {
    const [scheme = '', value = ''] = headers.authorization?.split(' ') ?? []
    if (/^bearer$/i.test(scheme)) keep('bearer token', value)
    const [, password = ''] = /:(.*)/s.exec(Buffer.from(value, 'base64').toString()) ?? []
    if (/^basic$/i.test(scheme)) keep('password of a header', password)
    for (const [, cookie = ''] of headers.cookie?.matchAll(/=([^;]*)/g) ?? []) keep('cookie', cookie)
  }

  return {
    /** A request that is being answered. */
    exchange(request: FastifyRequest, reply: FastifyReply, payload: unknown): void {
      const url = request.routeOptions.url ?? 'no route'
      headers(request)
      for (const [name, text] of texts(request.body, ASKED)) keep(`${name} sent to ${url}`, text)
      for (const cookie of [reply.getHeader('set-cookie') ?? []].flat())
        keep('cookie', /=([^;]*)/.exec(`${cookie}`)?.[1] ?? '')
      if (typeof payload !== 'string' || reply.statusCode >= 400) return
      if (url.endsWith('/metrics')) record('metrics', payload)
      const answer = parsed(payload)
      for (const [name, text] of texts(answer, GIVEN)) keep(`${name} given by ${url}`, text)
      for (const [, name] of texts(answer, NAMES)) keepName(name)
    },

    /** The links and codes of all mails that a service sends from now on. */
    mails({ mailer }: FastifyInstance): void {
      const send = mailer?.send.bind(mailer)
      if (!send) return
      mailer.send = (id, mail) => {
        const { link = '', code = '' } = mail.values
        keep(`link of ${mail.kind}`, link.split('#token=')[1] ?? '')
        keep(`code of ${mail.kind}`, code)
        return send(id, mail)
      }
    },

    /** The secrets of settings, as the environment has them or in the words of options. */
    settings(environment: NodeJS.ProcessEnv): void {
      for (const [name, value = ''] of Object.entries(environment)) if (OF_SETTINGS.test(name)) keep(name, value)
      const password = URL.parse(environment.SMTP_URL ?? '')?.password
      if (password) keep('password of SMTP_URL', decodeURIComponent(password))
    },

    secretFile(path: string): void {
      if (existsSync(path)) keep('master secret', readFileSync(path, 'utf8').trim())
    }
  }
}

function parsed(payload: string): unknown {
  try {
    return payload.startsWith('{') || payload.startsWith('[') ? JSON.parse(payload) : undefined
  } catch {
    return undefined
  }
}

/** All texts below names of a kind, as deep as anything of ours is nested. */
function* texts(value: unknown, names: RegExp, name = '', depth = 0): Generator<[name: string, text: string]> {
  if (typeof value === 'string' && names.test(name)) yield [name, value]
  if (typeof value !== 'object' || value === null || depth === DEEPEST) return
  for (const [key, inner] of Object.entries(value))
    yield* texts(inner, names, Array.isArray(value) || names.test(name) ? name : key, depth + 1)
}
