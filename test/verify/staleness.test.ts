import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { client } from '../helper.ts'
import { listening, verdict, type Way } from './postern.ts'

const SECOND = 1000
const AT_FAULT: Way[] = ['broken', 'faulty', 'redirecting', 'endless', 'silent']

t.test('without its keys nothing is accepted, whatever was chosen', async t => {
  const postern = await listening(t)
  for (const way of AT_FAULT) {
    postern.way = way
    for (const whenStale of ['refuse', 'accept'] as const) {
      const verifier = postern.verifier({ whenStale, timeout: 200 })
      t.equal(await verdict(verifier, postern.tokens.access), 'unavailable', `${way}, ${whenStale}`)
    }
  }
  postern.way = 'open'
  t.equal(await verdict(postern.verifier(), postern.tokens.access), 'accepted')
})

t.test('a verifier comes back by itself, and asks at most once a second until then', async t => {
  const postern = await listening(t)
  const verifier = postern.verifier()
  postern.way = 'broken'
  for (let n = 0; n < 20; n++) t.equal(await verdict(verifier, postern.tokens.access), 'unavailable')
  t.equal(postern.asked('/.well-known/jwks.json'), 1)
  postern.way = 'open'
  t.equal(await verdict(verifier, postern.tokens.access), 'unavailable', 'it was asked a moment ago')
  postern.clock.advance(SECOND)
  t.equal(await verdict(verifier, postern.tokens.access), 'accepted')
})

t.test('a logout reaches a verifier within the life of the status list', async t => {
  const postern = await listening(t)
  const verifier = postern.verifier()
  t.equal(await verdict(verifier, postern.tokens.access), 'accepted')
  await client(postern.app).logout(postern.tokens.refresh)
  postern.clock.advance(10 * SECOND)
  t.equal(await verdict(verifier, postern.tokens.access), 'token_not_valid')
  const other = await client(postern.app).login()
  t.equal(await verdict(verifier, other.access), 'accepted', 'others go on')
  t.equal(await verdict(postern.verifier({ statusLists: 'ignore' }), postern.tokens.access), 'accepted', 'if one wants')
})

t.test('a list is asked for once in its life, and beside the checks when half of it is over', async t => {
  const postern = await listening(t)
  const verifier = postern.verifier()
  const check = () => verdict(verifier, postern.tokens.access)
  await Promise.all(Array.from({ length: 20 }, check))
  t.equal(postern.asked('/status-lists/0'), 1)
  postern.clock.advance(4 * SECOND)
  await check()
  t.equal(postern.asked('/status-lists/0'), 1)
  postern.clock.advance(2 * SECOND)
  await Promise.all(Array.from({ length: 20 }, check))
  for (let tries = 0; postern.asked('/status-lists/0') < 2 && tries < 200; tries++) await sleep(10)
  await Promise.all(Array.from({ length: 20 }, check))
  t.equal(postern.asked('/status-lists/0'), 2)
})

t.test('while Postern is away, what is known holds for as long as was chosen', async t => {
  const postern = await listening(t, { authAccessTtl: '1h' })
  const closed = postern.verifier({ maxStaleness: 30 * SECOND })
  const open = postern.verifier({ maxStaleness: 30 * SECOND, whenStale: 'accept' })
  const unaware = postern.verifier({ whenStale: 'accept' })
  for (const verifier of [closed, open]) t.equal(await verdict(verifier, postern.tokens.access), 'accepted')
  const stranger = await client(postern.app).login()
  postern.way = 'broken'
  postern.clock.advance(39 * SECOND)
  t.equal(await verdict(closed, postern.tokens.access), 'accepted', 'within the staleness that is stated')
  t.equal(await verdict(closed, stranger.access), 'accepted', 'also one that was not seen before')
  postern.clock.advance(2 * SECOND)
  t.equal(await verdict(closed, postern.tokens.access), 'unavailable')
  t.equal(await verdict(open, postern.tokens.access), 'accepted')
  t.equal(await verdict(unaware, postern.tokens.access), 'unavailable', 'no key, no trust')
  postern.way = 'open'
  postern.clock.advance(SECOND)
  t.equal(await verdict(closed, postern.tokens.access), 'accepted')
})

t.test('a new key is found at its first token, and tokens of the one before stay good', async t => {
  const postern = await listening(t, { authAccessTtl: '1d', authSessionTtl: '30d' })
  const verifier = postern.verifier()
  t.equal(await verdict(verifier, postern.tokens.access), 'accepted')
  for (let n = 0; n < 3; n++) {
    postern.clock.advance(6 * SECOND)
    await postern.app.core.signingKeys.rotate({ force: true })
    const { access } = await client(postern.app).login()
    t.equal(await verdict(verifier, access), 'accepted', 'signed by the next key')
    t.equal(await verdict(verifier, postern.tokens.access), 'accepted', 'signed by the first one')
  }
})
