import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

/** What an application behind a proxy got. */
export interface Seen {
  method: string
  url: string
  /** Names and values in turn, as they came. */
  rawHeaders: string[]
  body: string
}

/** An application that prints what it got. */
export async function upstream(t: Test): Promise<number> {
  const server = createServer(async (request, response) => {
    const { method = '', url = '', rawHeaders } = request
    const seen: Seen = { method, url, rawHeaders, body: await text(request) }
    const body = JSON.stringify(seen)
    response.setHeader('x-application', 'yes').setHeader('content-length', Buffer.byteLength(body)).end(body)
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Names as an application may read them: CGI, WSGI and PHP make no difference between - and _. */
export const canonicalName = (name: string) => name.toLowerCase().replaceAll('_', '-')

/** All values of a header, under every spelling of its name. */
export const valuesOf = ({ rawHeaders }: Seen, name: string): string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && canonicalName(`${rawHeaders[at - 1]}`) === name)
