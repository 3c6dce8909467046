/** What a mail is about; each has a template of its name. */
export type MailKind =
  | 'verify_email'
  | 'account_exists'
  | 'reset_password'
  | 'change_email'
  | 'email_change_requested'
  | 'email_changed'
  | 'login'
  | 'invite'
  | 'password_changed'
  | 'new_device'
  | 'session_reuse'
  | 'account_deleted'

/** A mail before it has words. */
export interface Mail {
  kind: MailKind
  /** One address, as it is stored, never as somebody typed it now. */
  to: string
  /** The Accept-Language of whoever caused it; without one the configured language is used. */
  language?: string | undefined
  /** Whom it is about. */
  userId?: string | undefined
  /** When nobody needs it any more, in milliseconds since 1970; a day from now without one. */
  expiresAt?: number | undefined
  /** What the template shows; `link` and `code` are secrets. */
  values: Readonly<Record<string, string>>
}

/** What brings mails on their way; a Surrounding of the core. */
export interface Mailer {
  /** Resolves when the next server has taken the mail over. `id` makes a repetition recognizable. */
  send(id: string, mail: Mail): Promise<void>
  close(): Promise<void>
}
