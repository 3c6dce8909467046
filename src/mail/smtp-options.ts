import { isLoopback } from '../loopback.ts'

const SECOND = 1000

/** How a mail server is reached, as nodemailer wants it. */
export type SmtpOptions = ReturnType<typeof smtpOptions>

/**
 * Reads an SMTP_URL. The password leaves in clear text nowhere but on the machine itself: elsewhere a server that does
 * not encrypt gets nothing at all, unless the URL says `?tls=off`. Certificates are always verified.
 */
export function smtpOptions(smtpUrl: string) {
  const url = new URL(smtpUrl)
  const secure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const encrypts = url.searchParams.get('tls') !== 'off'
  return {
    host,
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && encrypts && !isLoopback(host),
    ignoreTLS: !secure && !encrypts,
    ...(url.username && {
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }
    }),
    dnsTimeout: 10 * SECOND,
    connectionTimeout: 10 * SECOND,
    greetingTimeout: 10 * SECOND,
    socketTimeout: 10 * SECOND
  }
}
