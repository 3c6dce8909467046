import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import type { Test } from 'tap'

/** What the server does at a step: a status of SMTP, no answer at all, or the end of the connection. */
export type Answer = number | 'hang' | 'drop'

type Step = 'connect' | 'auth' | 'from' | 'recipient' | 'data'

/** A mail as it arrived: from whom and to whom by the envelope, and the rest as a mail program reads it. */
export interface Arrived {
  from: string
  to: string[]
  user: string | undefined
  encrypted: boolean
  mail: ParsedMail
}

/** A real mail server on this machine. */
export interface MailServer {
  url: string
  port: number
  arrived: Arrived[]
  /** How it answers from now on, where it does not take everything; for some recipients only, if `only` is set. */
  answers: Partial<Record<Step, Answer>> & { only?: string }
  /** How often each step was reached. */
  reached: Record<Step, number>
  stop(): Promise<void>
}

interface Settings {
  /** Who may send, as `name:password`; anybody without it. */
  credentials?: string
  /** STARTTLS is offered, or TLS is spoken from the beginning; with a certificate that is not valid. */
  tls?: 'starttls' | 'implicit'
  port?: number
}

/** Starts a mail server; it ends with the test. */
export async function mailServer(t: Test, { credentials, tls, port = 0 }: Settings = {}): Promise<MailServer> {
  const arrived: Arrived[] = []
  const answers: MailServer['answers'] = {}
  const reached = { connect: 0, auth: 0, from: 0, recipient: 0, data: 0 }
  const sockets = new Set<Socket>()

  function answer(step: Step, done: (error?: Error | null) => void, recipients: string[] = []): void {
    reached[step] += 1
    const wanted = answers.only && !recipients.includes(answers.only) ? undefined : answers[step]
    if (wanted === 'hang') return
    if (wanted === 'drop') for (const socket of sockets) socket.destroy()
    else done(wanted ? Object.assign(new Error(`refused for tests, step ${step}`), { responseCode: wanted }) : null)
  }

  const server = new SMTPServer({
    secure: tls === 'implicit',
    ...(tls !== 'starttls' && { disabledCommands: ['STARTTLS'] }),
    authOptional: credentials === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    onConnect: (_session, done) => answer('connect', done),
    onAuth: ({ username, password }, _session, done) => {
      reached.auth += 1
      if (`${username}:${password}` === credentials) done(null, { user: username })
      else done(Object.assign(new Error(`no ${username} with that password`), { responseCode: 535 }))
    },
    onMailFrom: (_address, _session, done) => answer('from', done),
    onRcptTo: ({ address }, _session, done) => answer('recipient', done, [address]),
    onData: async (stream, session, done) => {
      const bytes = await buffer(stream)
      const to = session.envelope.rcptTo.map(({ address }) => address)
      answer(
        'data',
        async error => {
          if (error) return done(error)
          const { mailFrom } = session.envelope
          const mail = await simpleParser(bytes)
          const { user, secure: encrypted } = session
          arrived.push({ from: mailFrom ? mailFrom.address : '', to, user, encrypted, mail })
          done()
        },
        to
      )
    }
  })
  server.on('error', () => {})
  server.server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const listening = server.listen(port, '127.0.0.1')
  await once(listening, 'listening')
  const { port: actual } = listening.address() as AddressInfo
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>(resolve => server.close(resolve))
  }
  t.teardown(stop)
  const scheme = tls === 'implicit' ? 'smtps' : 'smtp'
  const url = `${scheme}://${credentials ? `${credentials}@` : ''}127.0.0.1:${actual}`
  return { url, port: actual, arrived, answers, reached, stop }
}
