import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'

const folder = join(import.meta.dirname, '..', '..', 'examples', 'spa')

/** A site on this machine, until the test ends: files of the example at `/`, a page of its own at `/page`. */
export async function site(t: Test) {
  const files = { '/': 'index.html', '/app.js': 'app.js' }
  let postern = ''
  const server = createServer(async ({ url = '' }, response) => {
    const name = files[url as keyof typeof files]
    const text = name ? await readFile(join(folder, name), 'utf8') : '<!doctype html><title>Somebody else</title>'
    const type = name?.endsWith('.js') ? 'text/javascript' : 'text/html'
    response.writeHead(200, { 'content-type': type }).end(text.replace('http://127.0.0.1:8000', postern))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    /** Of the same site as a service on this machine, and of another origin. */
    near: `http://127.0.0.1:${port}`,
    /** Of another site. */
    far: `http://localhost:${port}`,
    /** Says where the page finds Postern. */
    callsAt: (url: string): void => {
      postern = url
    }
  }
}
