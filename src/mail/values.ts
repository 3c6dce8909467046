import type { MailKind } from '../core/mail.ts'

/** Names of what a mail shows. */
export interface MailValues {
  /** Whoever queues the mail gives all of these; a mail that lacks one is not sent. */
  needs: readonly string[]
  /** What may be missing: a template shows them inside a section, `{{#code}}...{{/code}}`. */
  may: readonly string[]
}

/** What every mail shows if it likes, without anybody giving it. */
export const OWN_VALUES = ['service', 'reset_link', 'language'] as const

/**
 * What each mail shows. A mail that anybody can have sent to any address holds no word that a stranger chose, such as a
 * user name: mail programs make a link of `pay.example`.
 */
export const MAIL_VALUES: Readonly<Record<MailKind, MailValues>> = {
  verify_email: { needs: ['link', 'valid_for'], may: ['code'] },
  account_exists: { needs: [], may: ['time', 'ip', 'device'] },
  reset_password: { needs: ['link', 'valid_for'], may: ['code', 'time', 'ip', 'device'] },
  change_email: { needs: ['link', 'valid_for'], may: ['code'] },
  email_change_requested: { needs: ['username', 'new_email', 'time'], may: ['ip', 'device'] },
  email_changed: { needs: ['username', 'new_email', 'time'], may: ['ip', 'device'] },
  login: { needs: ['link', 'valid_for'], may: ['code', 'time', 'ip', 'device'] },
  invite: { needs: ['link', 'valid_for'], may: ['code', 'inviter'] },
  password_changed: { needs: ['username', 'time'], may: ['ip', 'device'] },
  new_device: { needs: ['username', 'time'], may: ['ip', 'device'] },
  session_reuse: { needs: ['username', 'time'], may: ['ip', 'device'] },
  account_deleted: { needs: ['username', 'time'], may: ['ip', 'device'] }
}

/** Whether a name is that of a mail. */
export const isMailKind = (name: string): name is MailKind => Object.hasOwn(MAIL_VALUES, name)
