import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import type { Config } from '../config.ts'
import type { Finding } from './finding.ts'

const PATIENCE_MS = 3_000
const DAY = 86_400_000
const LEAST_DAYS = 14
const LARGEST_SKEW_MS = 30_000

/** What was seen of PUBLIC_URL from here. */
interface Seen {
  status: number
  date: number
  /** Why this machine does not believe the certificate. */
  doubt: string | undefined
  /** Why the certificate is not one for the host. */
  wrongName: string | undefined
  validUntil: number
}

/** Whether an https PUBLIC_URL leads to a service, over a certificate that stays valid, and has the time that we have. */
export async function* checkReach({ publicUrl }: Config, now = Date.now): AsyncGenerator<Finding> {
  if (!publicUrl.startsWith('https:')) return
  const seen = await look(new URL(`${publicUrl}/health/live`)).catch((error: NodeJS.ErrnoException) =>
    error.name === 'AbortError' ? 'no answer within 3 s' : (error.code ?? error.message)
  )
  if (typeof seen === 'string') {
    yield [
      'warn',
      `${publicUrl} cannot be reached from here: ${seen}. Check its name and the proxy, or look from a machine of a client`
    ]
    return
  }
  yield certificate(publicUrl, seen, now())
  yield seen.status === 200
    ? ['ok', `${publicUrl} leads to a service that answers`]
    : [
        'warn',
        `${publicUrl}/health/live answers ${seen.status}. Start the service, and let the proxy lead there with paths as they are`
      ]
  if (!Number.isNaN(seen.date)) yield clock(publicUrl, seen.date - now())
}

function certificate(url: string, { doubt, wrongName, validUntil }: Seen, now: number): Finding {
  const days = Math.floor((validUntil - now) / DAY)
  if (days < 0) return ['fail', `the certificate of ${url} has expired: clients refuse it. Renew it`]
  if (wrongName) return ['fail', `the certificate of ${url} is not for that host: clients refuse it. Get one that is`]
  if (doubt)
    return [
      'warn',
      `this machine does not believe the certificate of ${url}: ${doubt}. Get one from an authority that clients know, or name yours in NODE_EXTRA_CA_CERTS`
    ]
  if (days < LEAST_DAYS)
    return ['warn', `the certificate of ${url} expires in ${days} days. Renew it, and let that be done by itself`]
  return ['ok', `the certificate of ${url} is valid for ${days} days`]
}

function clock(url: string, ahead: number): Finding {
  const seconds = Math.round(Math.abs(ahead) / 1000)
  if (Math.abs(ahead) <= LARGEST_SKEW_MS) return ['ok', `the clock is that of ${url}`]
  return [
    'fail',
    `the clock is ${seconds} s ${ahead > 0 ? 'behind' : 'ahead of'} that of ${url}: one of them gives tokens and certificates wrong times. Set both (NTP)`
  ]
}

function look(url: URL): Promise<Seen> {
  return new Promise((resolve, reject) => {
    // A certificate is judged, not obeyed: nothing secret is sent, and nothing that is answered is believed.
    const options = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(PATIENCE_MS) }
    const asking = request(url, options, response => {
      resolve(describe(url, response))
      asking.destroy()
    })
    asking.on('error', reject).end()
  })
}

function describe({ hostname }: URL, response: IncomingMessage): Seen {
  const socket = response.socket as TLSSocket
  const shown = socket.getPeerCertificate()
  return {
    status: response.statusCode ?? 0,
    date: Date.parse(response.headers.date ?? ''),
    // The types say Error; it is the code of one.
    doubt: socket.authorized ? undefined : `${socket.authorizationError}`,
    wrongName: checkServerIdentity(hostname.replace(/^\[|\]$/g, ''), shown)?.message,
    validUntil: Date.parse(shown.valid_to)
  }
}
