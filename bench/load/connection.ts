import { connect } from 'node:net'

/** One keep-alive connection; a second request may be sent when the first is answered. */
export interface Connection {
  send(request: string): void
  close(): void
}

const LENGTH = /content-length: (\d+)/i

/**
 * Opens a connection that does the least an HTTP/1.1 client can do: it needs a Content-Length and expects status 200.
 * `onAnswer` gets each body; `onFault` gets whatever else happens, once.
 */
export function open(port: number, onAnswer: (body: string) => void, onFault: (fault: Error) => void): Connection {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1')
  let received = ''
  socket.on('data', chunk => {
    received += chunk
    const head = received.indexOf('\r\n\r\n')
    if (head === -1) return
    const body = head + 4
    const length = Number(LENGTH.exec(received)?.[1])
    if (!(received.length >= body + length)) return
    const answer = received
    received = ''
    if (answer.startsWith('HTTP/1.1 200 ')) onAnswer(answer.slice(body))
    else fail(new Error(answer))
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))

  function fail(fault: Error): void {
    socket.removeAllListeners('close').destroy()
    onFault(fault)
  }

  return {
    send: request => socket.write(request, 'latin1'),
    close: () => socket.removeAllListeners('close').destroy()
  }
}
