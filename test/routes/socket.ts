import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Listens on a free port of the loopback address. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

/** Sends bytes as they are, then reads until the server closes; the answers in the order of their arrival. */
export async function exchange(port: number, ...chunks: string[]): Promise<RawAnswer[]> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (data: string) => {
    received += data
  })
  socket.on('error', () => {})
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
  for (const chunk of chunks) {
    socket.write(chunk, 'latin1')
    if (chunks.length > 1) await new Promise(resolve => setTimeout(resolve, 5))
  }
  await closed.finally(() => socket.destroy())
  return received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter(Boolean)
    .map(parse)
}

export interface RawAnswer {
  status: number
  headers: string
  body: string
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  return { status: Number(text.slice(9, 12)), headers: text.slice(0, end), body: text.slice(end + 4) }
}
