import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { drain } from '../../src/cli/shutdown.ts'
import { build } from '../helper.ts'

t.test('a client that does not finish its request is cut off when patience ends', async t => {
  const server = await build(t)
  await server.listen({ port: 0 })
  const dawdler = connect((server.server.address() as AddressInfo).port, '127.0.0.1').resume()
  dawdler.write('POST /api/login/ HTTP/1.1\r\nHost: auth.test\r\nContent-Type: application/json\r\n')
  dawdler.write('Content-Length: 50\r\nExpect: 100-continue\r\n\r\n{')
  await once(dawdler, 'data')
  const began = performance.now()
  const closed = once(dawdler, 'close')
  await drain(server, 300)
  const took = performance.now() - began
  t.ok(took >= 290 && took < 2_000, `${took} ms`)
  await closed
})

t.test('a service without clients ends at once', async t => {
  const server = await build(t)
  await server.listen({ port: 0 })
  const began = performance.now()
  await drain(server, 5_000)
  t.ok(performance.now() - began < 2_000)
})
