import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Sending } from './client.ts'

/** An answer as it was seen on a connection. */
export interface Seen extends Answer {
  /** When the first byte of the request was sent, on the clock of `performance.now()`. */
  begunAt: number
  /** The connection ended after the first byte of the answer and before its last one. */
  isCut: boolean
}

interface Pace {
  /** Sends the second half of the request so many milliseconds after the first. */
  pauseMs?: number
  /** Reads nothing for so many milliseconds. */
  deafMs?: number
}

/** A connection that the service has accepted: it has answered a request on it. */
export interface Wire {
  /** Sends one request at a time. Never throws. */
  send(path: string, sending?: Sending, pace?: Pace): Promise<Seen>
  close(): void
}

/** Opens a connection and has one request answered on it. */
export async function openWire(port: number): Promise<Wire> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  const send = async (path: string, sending: Sending = {}, { pauseMs = 0, deafMs = 0 }: Pace = {}): Promise<Seen> => {
    const begunAt = performance.now()
    const answered = receive(socket)
    if (deafMs) {
      socket.pause()
      setTimeout(() => socket.resume(), deafMs)
    }
    const request = bytesOf(path, port, sending)
    const middle = pauseMs ? Math.floor(request.length / 2) : 0
    if (pauseMs) {
      socket.write(request.subarray(0, middle))
      await sleep(pauseMs)
    }
    socket.write(request.subarray(middle))
    const received = await answered
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(received.text)?.[1] ?? 0)
    const isCut = received.text !== '' && !received.isWhole
    const body = status === 0 || isCut ? { detail: isCut ? 'cut' : 'closed' } : bodyOf(received.text)
    return { status: isCut ? 0 : status, body, ms: performance.now() - begunAt, begunAt, isCut }
  }
  await send('/health/live')
  return { send, close: () => void socket.destroy() }
}

function bytesOf(path: string, port: number, { method, json, authorization }: Sending): Buffer {
  const body = json ? JSON.stringify(json) : ''
  const lines = [`${method ?? (json ? 'POST' : 'GET')} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`]
  if (authorization) lines.push(`Authorization: ${authorization}`)
  if (json) lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Collects an answer until it is whole, or the connection ends. */
function receive(socket: Socket): Promise<{ text: string; isWhole: boolean }> {
  return new Promise(resolve => {
    let text = ''
    const finish = () => {
      socket.off('data', onData).off('close', finish).off('error', ignore)
      resolve({ text, isWhole: isWhole(text) })
    }
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (isWhole(text)) finish()
    }
    const ignore = () => undefined
    socket.on('data', onData).once('close', finish).on('error', ignore)
    if (socket.destroyed) finish()
  })
}

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return false
  const isEmpty = /^HTTP\/1\.1 204/.test(text)
  const length = isEmpty ? 0 : Number(/^content-length: (\d+)/im.exec(text.slice(0, head))?.[1])
  return text.length >= head + 4 + length
}

function bodyOf(text: string): Record<string, unknown> {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  return body ? JSON.parse(Buffer.from(body, 'latin1').toString()) : {}
}
