import type { Work } from '../db/database.ts'
import type { Clock } from './clock.ts'
import type { Mail, MailKind } from './mail.ts'
import type { MailOutbox } from './mail-outbox.ts'
import type { Origin, Session } from './sessions.ts'
import type { User } from './users.ts'

interface Parts {
  outbox: Pick<MailOutbox, 'queue'>
  now: Clock
}

/** Where what is told about was done; all of it may be unknown. */
export type Whence = Partial<Origin>

/** What a mail says about something that was done to an account, at a time in milliseconds since 1970. */
export const particulars = ({ username }: User, { ip, userAgent }: Whence, time: number): Record<string, string> => ({
  username,
  time: new Date(time).toISOString(),
  ...(ip && { ip }),
  ...(userAgent && { device: userAgent.slice(0, 256) })
})

export type Notices = ReturnType<typeof createNotices>

/**
 * Mails that tell users what happened to their accounts, queued in the transaction of what they report. They go to
 * proven addresses only: another one may belong to a stranger, who would learn of somebody's account, or be flooded.
 */
export function createNotices({ outbox, now }: Parts) {
  function* tell(kind: MailKind, user: User, whence: Whence, more: Partial<Mail> = {}): Work<void> {
    if (!user.email || !user.emailVerified) return
    const { language } = whence
    const values = { ...particulars(user, whence, now()), ...more.values }
    yield* outbox.queue({ to: user.email, userId: user.id, language, ...more, kind, values })
  }

  return {
    /** The password was changed or reset. */
    passwordChanged: (user: User, whence: Whence): Work<void> => tell('password_changed', user, whence),
    /** Somebody logged in from a device that the account did not know. */
    newDevice: (user: User, whence: Whence): Work<void> => tell('new_device', user, whence),
    /**
     * A refresh token was used again, from `ip`, so its session was ended. In the configured language: whoever used it
     * need not be the user.
     */
    sessionReuse: (user: User, { userAgent }: Pick<Session, 'userAgent'>, ip: string): Work<void> =>
      tell('session_reuse', user, { ip, userAgent: userAgent ?? undefined }),
    /** Somebody who is logged in asked for another address: told to the present one. */
    emailChangeRequested: (user: User, newEmail: string, whence: Whence): Work<void> =>
      tell('email_change_requested', user, whence, { values: { new_email: newEmail } }),
    /** The account has another address now: told to the former one, which `user` still has. */
    emailChanged: (user: User, newEmail: string, whence: Whence): Work<void> =>
      tell('email_changed', user, whence, { values: { new_email: newEmail } }),
    /** The account is gone. The mail is not of the user: what waits for a deleted user is deleted too. */
    accountDeleted: (user: User, whence: Whence): Work<void> =>
      tell('account_deleted', user, whence, { userId: undefined })
  }
}
