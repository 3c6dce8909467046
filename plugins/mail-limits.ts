import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { canonical } from '../src/core/identifiers.ts'
import { PosternError } from '../src/errors.ts'
import { limitsWith } from '../src/limits/named.ts'

interface MailLimits {
  /** A hook: at most so many mails (`mailbox`, five in a quarter of an hour) go to one address, whoever asks for them. */
  requests(request: FastifyRequest): Promise<void>
  /** Counts codes that were wrong: after so many (`code`, twenty in a day) for one address, codes for it are refused, and links are not. */
  codes<Result>(request: FastifyRequest, confirm: () => Promise<Result>): Promise<Result>
}

declare module 'fastify' {
  interface FastifyInstance {
    mailLimits: MailLimits
  }
}

const addressOf = ({ body }: FastifyRequest): string => {
  const { email } = (body ?? {}) as { email?: unknown }
  return canonical(typeof email === 'string' ? email : '')
}

const hasCode = ({ body }: FastifyRequest): boolean => typeof (body as { code?: unknown } | null)?.code === 'string'

/** Limits by e-mail address, under every spelling of it and whether or not it has an account. */
export default fp<AppOptions>(
  async (server, { config }) => {
    const { mailbox, code } = limitsWith(config.authRateLimits)
    // There is none when AUTH_RATE_LIMIT is off.
    const requests = server.createRateLimit?.({
      ...mailbox,
      keyGenerator: request => `mail to ${addressOf(request)}`
    })
    const failures = server.createRateLimit?.({
      ...code,
      keyGenerator: request => `code for ${addressOf(request)}`
    })

    async function demandTries(request: FastifyRequest): Promise<void> {
      const count = await failures?.(request, { increment: false })
      if (count?.isAllowed !== false || count.remaining > 0) return
      const detail = 'Too many wrong codes. Open the link of the mail instead.'
      throw new PosternError('rate_limited', { detail, retryAfter: count.ttlInSeconds })
    }

    server.decorate('mailLimits', {
      async requests(request) {
        const count = await requests?.(request)
        if (count?.isAllowed === false && count.isExceeded)
          throw new PosternError('rate_limited', { retryAfter: count.ttlInSeconds })
      },
      async codes(request, confirm) {
        if (!hasCode(request)) return confirm()
        await demandTries(request)
        try {
          return await confirm()
        } catch (error) {
          if (error instanceof PosternError && error.code === 'invalid_link') await failures?.(request)
          throw error
        }
      }
    })
  },
  { name: 'mail-limits', dependencies: ['rate-limit'] }
)
