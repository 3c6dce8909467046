import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { freePort } from '../../tools/free-port.ts'
import { build, client } from '../helper.ts'
import { exchange, listen } from '../routes/socket.ts'
import { type Seen, upstream } from './upstream.ts'

/** Where a proxy listens, and what it stands between. */
export interface Ports {
  proxy: number
  postern: number
  application: number
}

/** Starts a proxy with the files of its example; it ends with the test. */
export type StartProxy = (t: Test, ports: Ports) => Promise<void>

/** The user of a test; the name is what headers cannot hold. */
export const USER = { username: 'ümit名前', email: 'umit@example.com', password: 'correct horse', roles: ['staff'] }

interface Sent {
  method?: string
  path: string
  headers?: string[]
  token?: string | undefined
  connection?: string
  body?: string
}

/** What came back: the status, and what the application had got if it was asked. */
export interface Got {
  status: number
  headers: string
  seen: Seen | undefined
}

/** Postern, an application, and a proxy between. */
export async function bench(t: Test, startProxy: StartProxy) {
  const app: FastifyInstance = await build(t)
  await app.core.registration.create(USER)
  const ports = { proxy: await freePort(), postern: await listen(app), application: await upstream(t) }
  await startProxy(t, ports)
  return {
    app,
    ports,
    login: () => client(app).login(USER.username, USER.password),
    /** Sends a request byte for byte as it is written. */
    async send({ method = 'GET', path, headers = [], token, connection = 'close', body }: Sent): Promise<Got> {
      const lines = [
        `${method} ${path} HTTP/1.1`,
        'Host: app.example.com',
        `Connection: ${connection}`,
        ...(token ? [`Authorization: Bearer ${token}`] : []),
        ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
        ...headers
      ]
      const [answer] = await exchange(ports.proxy, `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`)
      const { status = 0, headers: got = '', body: printed = '' } = answer ?? {}
      return { status, headers: got, seen: /^x-application: yes/im.test(got) ? JSON.parse(printed) : undefined }
    }
  }
}

export type Bench = Awaited<ReturnType<typeof bench>>
