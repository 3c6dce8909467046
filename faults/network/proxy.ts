import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Whose bytes are held back: nobody's, those of connections that listen for notifications, or all. */
export type Frozen = 'nobody' | 'listeners' | 'all'

/** A way to a server of this machine that can be as bad as networks are. */
export interface Passage {
  readonly port: number
  /** The same address by this way. */
  url(direct: string): string
  /** Holds back what arrives from now on, in both directions; what was held back goes on with `nobody`. */
  freeze(whose: Frozen): void
  /** Ends connections without a word. */
  cut(whose?: 'listeners' | 'all'): void
  /** Lets those who begin to listen from now on hear nothing. */
  deafen(): void
  /**
   * The next time that these bytes are sent, over a connection that has sent those of `after` since now, they arrive, the
   * answer does not, and the connection ends. Gives how often that happened.
   */
  loseAnswerTo(bytes: string, after?: string): () => number
  /** Leads whoever connects from now on to another port; those who are connected are cut. */
  lead(to: number): void
  close(): Promise<void>
}

interface Link {
  client: Socket
  server: Socket
  listens: boolean
  held: Array<() => void>
}

const LISTEN = 'LISTEN postern_changes'
const DEAF = 'LISTEN postern_nothing'

/** Opens a way to a port; `delayMs` is what each direction takes. */
export async function openProxy(direct: number, delayMs = 0): Promise<Passage> {
  const links = new Set<Link>()
  let to = direct
  let frozen: Frozen = 'nobody'
  let isDeaf = false
  let needle: { bytes: string; after?: string | undefined; reached: Set<Link> } | undefined
  let lost = 0

  const isHeld = ({ listens }: Link) => frozen === 'all' || (frozen === 'listeners' && listens)

  function end(link: Link): void {
    links.delete(link)
    link.client.destroy()
    link.server.destroy()
  }

  function cut(whose: 'listeners' | 'all' = 'all'): void {
    for (const link of links) if (whose === 'all' || link.listens) end(link)
  }

  function forward(link: Link, target: Socket, chunk: Buffer): void {
    const send = () => void (target.writable && target.write(chunk))
    const go = delayMs > 0 ? () => void setTimeout(send, delayMs) : send
    if (isHeld(link)) link.held.push(go)
    else go()
  }

  function request(link: Link, sent: Buffer): void {
    let chunk = sent
    if (chunk.includes(LISTEN)) link.listens = true
    if (isDeaf && link.listens) chunk = Buffer.from(chunk.toString('latin1').replace(LISTEN, DEAF), 'latin1')
    if (needle?.after === undefined || chunk.includes(needle.after)) needle?.reached.add(link)
    if (needle?.reached.has(link) && chunk.includes(needle.bytes)) {
      needle = undefined
      lost += 1
      link.server.removeAllListeners('data').once('data', () => end(link))
    }
    forward(link, link.server, chunk)
  }

  const listener = createServer(client => {
    const server = connect(to, '127.0.0.1')
    const link: Link = { client, server, listens: false, held: [] }
    links.add(link)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => end(link))
    }
    client.on('data', (chunk: Buffer) => request(link, chunk))
    server.on('data', (chunk: Buffer) => forward(link, client, chunk))
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo

  return {
    port,
    url(direct) {
      const url = new URL(direct)
      url.port = String(port)
      return url.href
    },
    freeze(whose) {
      frozen = whose
      for (const link of links) if (!isHeld(link)) for (const go of link.held.splice(0)) go()
    },
    cut,
    deafen: () => {
      isDeaf = true
    },
    loseAnswerTo(bytes, after) {
      needle = { bytes, after, reached: new Set() }
      const before = lost
      return () => lost - before
    },
    lead(port) {
      to = port
      cut()
    },
    async close() {
      for (const link of links) end(link)
      listener.close()
      await once(listener, 'close')
    }
  }
}
