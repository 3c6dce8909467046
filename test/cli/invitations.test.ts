import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { simpleParser } from 'mailparser'
import t from 'tap'
import { serve } from '../process.ts'
import { inFolder, postern } from './process.ts'

t.test('somebody invited beside a running server gets a mail, and makes an account with the role', async t => {
  const folder = t.testdir({})
  const env = { ...inFolder(folder), PUBLIC_URL: 'http://auth.test' }
  const server = await serve(t, folder, { AUTH_REGISTRATION: 'invite' })
  const invited = await postern(t, ['user', 'invite', 'grace@example.com', '--role', 'admin'], { env })
  t.same([invited.code, invited.stderr], [0, ''])
  t.match(invited.stdout, 'Invited grace@example.com')
  t.notMatch(invited.stdout, /token/)
  const outbox = join(folder, 'outbox')
  const mails = () => {
    try {
      return readdirSync(outbox).filter(name => name.endsWith('.eml'))
    } catch {
      return []
    }
  }
  while (mails().length === 0) await sleep(20)
  const { text = '' } = await simpleParser(readFileSync(join(outbox, mails()[0] as string)))
  const answer = await fetch(`${server.url}/api/invitations/accept/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      token: /#token=([\w-]+)/.exec(text)?.[1],
      username: 'grace',
      password: 'correct horse battery'
    })
  })
  t.equal(answer.status, 201)
  t.match(await answer.json(), { username: 'grace', email: 'grace@example.com', roles: ['admin'] })
})

t.test('a bad address is refused by name, and none at all too', async t => {
  const env = inFolder(t.testdir({}))
  const bad = await postern(t, ['user', 'invite', 'grace', '--role', 'a,b'], { env })
  t.equal(bad.code, 1)
  t.match(bad.stderr, /email: Must be an e-mail address/)
  t.match(bad.stderr, /roles: Must be letters/)
  const none = await postern(t, ['user', 'invite'], { env })
  t.match(none.stderr, 'user invite: one ADDRESS is needed')
})
