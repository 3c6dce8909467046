import { createServer } from 'node:net'
import { greeting, pair } from './answers.ts'

function answer(content: object): Buffer {
  const body = JSON.stringify(content)
  const head = ['HTTP/1.1 200 OK', 'content-type: application/json; charset=utf-8', `content-length: ${body.length}`]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const POST = 'P'.charCodeAt(0)
const [toGet, toPost] = [answer(greeting), answer(pair)]

// Reads nothing and thinks nothing: what a generator reaches here is what the generator itself can do.
const server = createServer({ noDelay: true }, socket => {
  socket.on('data', chunk => socket.write(chunk[0] === POST ? toPost : toGet))
  socket.on('error', () => socket.destroy())
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.once('SIGTERM', () => process.exit())
