import t from 'tap'
import { build, client } from '../helper.ts'

const url = '/.well-known/jwks.json'

t.test('the key set may be kept for five minutes, half as long as a key is published before it signs', async t => {
  const { headers } = await client(await build(t)).get(url)
  t.equal(headers['cache-control'], 'public, max-age=300')
})

t.test('a key set is not sent again to who has it already, however that is said', async t => {
  const app = await build(t)
  const http = client(app)
  const etag = (await http.get(url)).headers.etag as string
  t.match(etag, /^"[\w-]{43}"$/)
  const ask = (held: string) => http.send({ url, headers: { 'if-none-match': held } })
  for (const held of [etag, `W/${etag}`, '*', ' * ', `"other", ${etag}`, `W/"a,b",W/${etag} , "c"`, `"",${etag}`]) {
    const answer = await ask(held)
    t.same([answer.statusCode, answer.body], [304, ''], held)
    t.equal(answer.headers.etag, etag, 'so that the copy is named again')
    t.equal(answer.headers['cache-control'], 'public, max-age=300', 'and good for longer')
  }
  for (const held of ['', '"other"', etag.slice(1, -1), `"${etag.slice(1, 10)}"`, etag.slice(0, -1), '"*"', 'W/']) {
    const answer = await ask(held)
    t.equal(answer.statusCode, 200, held)
    t.equal(answer.json().keys.length, 2)
  }
})

t.test('another version of the key set has another ETag', async t => {
  const app = await build(t)
  const http = client(app)
  const etag = (await http.get(url)).headers.etag as string
  await app.core.signingKeys.rotate({ force: true })
  const answer = await http.send({ url, headers: { 'if-none-match': etag } })
  t.equal(answer.statusCode, 200)
  t.not(answer.headers.etag, etag)
  t.equal(answer.json().keys.length, 3)
})
