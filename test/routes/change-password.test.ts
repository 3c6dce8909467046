import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build, client } from '../helper.ts'
import { pair, refused } from './answers.ts'

let app: FastifyInstance

t.before(async () => {
  app = await build(t)
})

t.test('a changed password is the only one, and of the sessions only this one goes on', async t => {
  const { register, login, post, changePassword, protected: see, refresh } = client(app)
  await register('ada', 'oldpassword')
  await register('eve', 'oldpassword')
  const enter = () => login('ada', 'oldpassword')
  const [here, there, elsewhere] = [await enter(), await enter(), await enter()]
  const eve = await login('eve', 'oldpassword')
  const changed = await changePassword(here.access, 'oldpassword', 'newpassword123')
  t.equal(changed.statusCode, 200)

  t.equal((await see(here.access)).statusCode, 200)
  const next = pair(t, await refresh(here.refresh))
  t.equal((await see(next.access)).statusCode, 200)
  for (const { access, refresh: token } of [there, elsewhere]) {
    refused(t, await see(access), 'token_not_valid')
    refused(t, await refresh(token), 'token_not_valid')
    refused(t, await post('/api/logout/', { refresh: token }), 'token_not_valid')
    refused(t, await post('/api/verify/', { token: access }), 'token_not_valid')
    refused(t, await post('/api/verify/', { token }), 'token_not_valid')
  }
  t.equal((await see(eve.access)).statusCode, 200, 'and nobody else ends')
  t.equal((await refresh(eve.refresh)).statusCode, 200)

  refused(t, await post('/api/login/', { username: 'ada', password: 'oldpassword' }), 'no_active_account')
  t.ok((await login('ada', 'newpassword123')).access)
  t.ok((await login('eve', 'oldpassword')).access)
})

t.test('a refused change changes nothing', async t => {
  const { register, login, changePassword, protected: see, refresh } = client(app)
  await register('bob')
  const enter = () => login('bob')
  const [here, there] = [await enter(), await enter()]
  const change = (old: string, fresh: string) => changePassword(here.access, old, fresh)

  for (const old of ['wrong horse', '', 'Correct horse', 'correct horse\0', 'x'.repeat(30_000), 'correct horse\ud800'])
    refused(t, await change(old, 'newpassword123'), 'wrong_password', ['old_password'], old)
  const weak = ['', 'short', 'password', 'PASSWORD1', 'bob12345', 'Bob@Example.com', 'postern2026', 'x'.repeat(257)]
  for (const fresh of [...weak, '😀'.repeat(7), 'x'.repeat(60_000), 'correct horse \ud83d'])
    refused(t, await change('correct horse', fresh), 'validation_failed', ['new_password'], fresh)
  refused(t, await change('wrong horse', 'short'), 'wrong_password', ['old_password'])
  refused(t, await changePassword(here.refresh, 'correct horse', 'newpassword123'), 'token_not_valid')
  refused(t, await changePassword('', 'correct horse', 'newpassword123'), 'token_not_valid')

  t.equal((await see(there.access)).statusCode, 200)
  t.equal((await refresh(there.refresh)).statusCode, 200)
  t.ok((await enter()).access)
})

t.test('the new password follows AUTH_PASSWORD_POLICY, and so did the first', async t => {
  const { register, login, changePassword } = client(await build(t, { authPasswordPolicy: 'nist' }))
  refused(t, await register('ada', 'correct horse'), 'validation_failed', ['password'])
  t.equal((await register('ada', 'correct horse battery')).statusCode, 201)
  const { access } = await login('ada', 'correct horse battery')
  const change = (fresh: string) => changePassword(access, 'correct horse battery', fresh)
  refused(t, await change('newpassword123'), 'validation_failed', ['new_password'])
  t.equal((await change('newpassword1234')).statusCode, 200)
})

t.test('the composed and the decomposed form are one password, old or new', async t => {
  const { register, login, changePassword } = client(app)
  await register('carol', 'pässwords of hers'.normalize('NFC'))
  const { access } = await login('carol', 'pässwords of hers'.normalize('NFD'))
  const changed = await changePassword(
    access,
    'pässwords of hers'.normalize('NFD'),
    'ångström ångström'.normalize('NFD')
  )
  t.equal(changed.statusCode, 200)
  t.ok((await login('carol', 'ångström ångström'.normalize('NFC'))).access)
})

t.test('whoever is not signed in changes nothing', async t => {
  const { register, post, login } = client(app)
  await register('dora')
  const body = { old_password: 'correct horse', new_password: 'newpassword123' }
  refused(t, await post('/api/change-password/', body), 'not_authenticated')
  refused(t, await post('/api/change-password/', {}), 'not_authenticated', [], 'before the body is looked at')
  t.ok((await login('dora')).access)
})
