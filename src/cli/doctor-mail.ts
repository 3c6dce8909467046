import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, databaseFile } from '../config.ts'
import { MailError } from '../core/mail-error.ts'
import { inspectDatabase } from '../db/inspect-database.ts'
import { inspectMails, type MailInspection } from '../db/inspect-mails.ts'
import { isLoopback } from '../loopback.ts'
import { readSender } from '../mail/sender.ts'
import { checkSmtp } from '../mail/smtp.ts'
import type { Finding } from './finding.ts'

const PATIENCE_MS = 5_000
const MINUTE = 60_000
/** A mail that waits for so long is in trouble. */
const LATE_MS = 5 * MINUTE

/** Whether mails leave, which of them wait and which were given up. Never names a recipient. Throws StartError. */
export async function* checkMail(config: Config, now = Date.now()): AsyncGenerator<Finding> {
  yield await server(config)
  const file = databaseFile(config)
  if (file === ':memory:' || (file !== undefined && !existsSync(resolve(file)))) return
  yield* outbox(config, now)
}

async function server(config: Config): Promise<Finding> {
  const { smtpUrl, outboxFolder, mailFrom } = config
  if (smtpUrl === undefined) {
    const level = isLoopback(new URL(config.publicUrl).hostname) ? 'ok' : 'warn'
    return [
      level,
      `there is no SMTP_URL: mails are written to ${outboxFolder}${level === 'warn' ? ', and reach nobody. Set SMTP_URL and MAIL_FROM' : ''}`
    ]
  }
  readSender(config)
  const { host } = new URL(smtpUrl)
  try {
    await checkSmtp(smtpUrl, PATIENCE_MS)
    return ['ok', `the mail server ${host} answers and knows us; mails come from ${mailFrom}`]
  } catch (error) {
    if (!(error instanceof MailError)) throw error
    return ['fail', `the mail server ${host} does not take mails: ${error.code}. Check SMTP_URL, and that server`]
  }
}

async function* outbox({ databaseUrl }: Config, now: number): AsyncGenerator<Finding> {
  let found: MailInspection
  try {
    found = await inspectDatabase(databaseUrl, inspectMails)
  } catch {
    // What is wrong with the database was said before.
    return
  }
  const { waiting, oldest, waitingFor, dead } = found
  const age = now - (oldest ?? now)
  if (age < LATE_MS) yield ['ok', `mails that wait to be sent: ${waiting}`]
  else {
    const why = waitingFor ? `the last attempt ended with ${waitingFor}` : 'none was tried: is the service running?'
    yield ['warn', `mails that wait to be sent: ${waiting}, the oldest for ${Math.floor(age / MINUTE)} minutes; ${why}`]
  }
  if (dead.length === 0) yield ['ok', 'no mail was given up in the last 7 days']
  for (const { kind, reason, count } of dead)
    yield ['warn', `mails given up: ${count} of kind ${kind}, because of ${reason}. What that means is in docs/mail.md`]
}
