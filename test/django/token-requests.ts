import { encode } from '../routes/forgery.ts'
import { json, type Make, type Side, urlencoded } from './sides.ts'

const REFRESH = '/api/token/refresh/'
const VERIFY = '/api/token/verify/'
const BLACKLIST = '/api/token/blacklist/'

const refresh =
  (make: (side: Side) => unknown): Make =>
  async side =>
    json(REFRESH, { refresh: await make(side) })
const verify =
  (make: (side: Side) => unknown): Make =>
  async side =>
    json(VERIFY, { token: await make(side) })
const blacklist =
  (make: (side: Side) => unknown): Make =>
  async side =>
    json(BLACKLIST, { refresh: await make(side) })

const access = async (side: Side) => (await side.pair()).access
const fresh = async (side: Side) => (await side.pair()).refresh
const PAST = { exp: 1_700_000_000 }

/** A token that was exchanged, and what it was exchanged for. */
async function spend(side: Side) {
  const spent = await fresh(side)
  const { refresh: successor } = (await (await side.send(json(REFRESH, { refresh: spent }))).json()) as {
    refresh: string
  }
  return { spent, successor }
}

async function ended(side: Side) {
  const pair = await side.pair()
  await side.send(json(BLACKLIST, { refresh: pair.refresh }))
  return pair
}

const unsigned = async (side: Side) => {
  const [, claims = ''] = (await fresh(side)).split('.')
  return `${encode({ alg: 'none', typ: 'JWT' })}.${claims}.`
}

/** What is sent with tokens, good and bad, by a name that says what is special about each. */
export const tokenRequests: Record<string, Make> = {
  refresh: refresh(fresh),
  'refresh, urlencoded': async side => ({ path: REFRESH, type: urlencoded, body: `refresh=${await fresh(side)}` }),
  'refresh, white space around the token': refresh(async side => ` ${await fresh(side)}\n`),
  'refresh, the successor': refresh(async side => (await spend(side)).successor),
  'refresh, spent a moment ago': refresh(async side => (await spend(side)).spent),
  'refresh, spent before': refresh(async side => {
    const { spent } = await spend(side)
    side.pastGrace()
    return spent
  }),
  'refresh, the successor of one that was sent twice': refresh(async side => {
    const { spent, successor } = await spend(side)
    side.pastGrace()
    await side.send(json(REFRESH, { refresh: spent }))
    return successor
  }),
  'refresh, blacklisted': refresh(async side => (await ended(side)).refresh),
  'refresh, of a disabled user': refresh(async side => {
    const { refresh } = await side.pair('leaver')
    await side.disable('leaver')
    return refresh
  }),
  'refresh, of a user who is gone': refresh(async side =>
    side.resign(await fresh(side), { user_id: 999, sid: 'gone', jti: 'gone' })
  ),
  'refresh, expired': refresh(async side => side.resign(await fresh(side), PAST)),
  'refresh, an access token': refresh(access),
  'refresh, an expired access token': refresh(async side => side.resign(await access(side), PAST)),
  'refresh, an access token of an ended session': refresh(async side => (await ended(side)).access),
  'refresh, forged': refresh(async side => side.forge(await fresh(side))),
  'refresh, a forged access token': refresh(async side => side.forge(await access(side))),
  'refresh, unsigned': refresh(unsigned),
  'refresh, cut off': refresh(async side => (await fresh(side)).slice(0, -8)),
  'refresh, without its signature': refresh(async side => (await fresh(side)).replace(/\.[^.]*$/, '.')),
  'refresh, another kind of token': refresh(async side => side.resign(await fresh(side), { token_type: 'sliding' })),
  'refresh, without a kind': refresh(async side => side.resign(await fresh(side), { token_type: undefined })),
  'refresh, without an end': refresh(async side => side.resign(await fresh(side), { exp: undefined })),
  'refresh, no token at all': refresh(() => 'x'),
  'refresh, dots': refresh(() => '..'),
  'refresh, letters that no token has': refresh(() => 'ï.ï.ï'),
  'refresh, a long text': refresh(() => 'x'.repeat(20_000)),
  'refresh, a number': refresh(() => 7),
  'refresh, a boolean': refresh(() => true),
  'refresh, null': refresh(() => null),
  'refresh, blank': refresh(() => ' '),
  'refresh, U+0000 in it': refresh(() => 'a\0b'),
  'refresh, no field': () => json(REFRESH, { access: 'x' }),
  'refresh, the body a list': () => json(REFRESH, []),

  'verify, an access token': verify(access),
  'verify, a refresh token': verify(fresh),
  'verify, expired': verify(async side => side.resign(await access(side), PAST)),
  'verify, an expired refresh token': verify(async side => side.resign(await fresh(side), PAST)),
  'verify, blacklisted': verify(async side => (await ended(side)).refresh),
  'verify, the access token of an ended session': verify(async side => (await ended(side)).access),
  'verify, spent before': verify(async side => {
    const { spent } = await spend(side)
    side.pastGrace()
    return spent
  }),
  'verify, spent a moment ago': verify(async side => (await spend(side)).spent),
  'verify, forged': verify(async side => side.forge(await access(side))),
  'verify, unsigned': verify(unsigned),
  'verify, cut off': verify(async side => (await access(side)).slice(0, -8)),
  'verify, no token at all': verify(() => 'x'),
  'verify, no field': () => json(VERIFY, {}),
  'verify, null': verify(() => null),

  blacklist: blacklist(fresh),
  'blacklist, urlencoded': async side => ({ path: BLACKLIST, type: urlencoded, body: `refresh=${await fresh(side)}` }),
  'blacklist, a second time': blacklist(async side => (await ended(side)).refresh),
  'blacklist, spent a moment ago': blacklist(async side => (await spend(side)).spent),
  'blacklist, spent before': blacklist(async side => {
    const { spent } = await spend(side)
    side.pastGrace()
    return spent
  }),
  'blacklist, an access token': blacklist(access),
  'blacklist, expired': blacklist(async side => side.resign(await fresh(side), PAST)),
  'blacklist, forged': blacklist(async side => side.forge(await fresh(side))),
  'blacklist, no token at all': blacklist(() => 'x'),
  'blacklist, no field': () => json(BLACKLIST, {}),
  'blacklist, blank': blacklist(() => '')
}
