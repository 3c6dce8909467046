import t from 'tap'
import type { Wiring } from '../../src/server.ts'
import { csv, csvRow, deployment } from '../import/files.ts'
import { rows, takingOver } from './taking-over.ts'

t.test('a claims hook that throws does not spend the token of Django', async t => {
  let hook: NonNullable<Wiring['claims']> = () => {
    throw new Error('no')
  }
  const { app, http, mint } = await takingOver(t, {}, { claims: user => hook(user) })
  const token = mint()
  const before = await rows(app, 'auditEvents')
  t.equal((await http.refresh(token)).statusCode, 500)
  t.same(await rows(app, 'sessions'), [])
  t.same(await rows(app, 'revokedJti'), [])
  t.same(await rows(app, 'auditEvents'), before)
  hook = () => ({ fine: true })
  t.equal((await http.refresh(token)).statusCode, 200)
})

t.test('a session that begins at /api/token/refresh/ says what it was begun with', async t => {
  const { app, mint } = await takingOver(t)
  const headers = { 'user-agent': 'Phone' }
  await app.inject({ method: 'POST', url: '/api/token/refresh/', payload: { refresh: mint() }, headers })
  t.match(await rows(app, 'sessions'), [{ userAgent: 'Phone', ip: '127.0.0.1' }])
})

t.test('a plain argon2id hash is kept as one of Django, so that it counts as one until the first login', async t => {
  const { file, run, users } = deployment(t)
  const [plain, other] = ['$argon2id$v=19$m=1024,t=2,p=8$', '$argon2i$v=19$m=1024,t=2,p=8$']
  const end = 'ZTRObjdGcVlwWDBzRGNVdkJrR2hSdA$hkDwGfqqYBUkwaATnz/Nww'
  const hashes = [`${plain}${end}`, `argon2${plain}${end}`, `${other}${end}`]
  const path = await file('users.csv', csv(...hashes.map((hash, n) => csvRow(n, `user-${n}`, '', `"${hash}"`))))
  t.match(await run(path), { code: 0, summary: { imported: 3 } })
  t.same(
    (await users()).map(({ passwordHash }) => passwordHash),
    [`argon2${plain}${end}`, `argon2${plain}${end}`, `${other}${end}`]
  )
})

t.test('an access token of Django goes on saying what Django calls its user', async t => {
  const { app, id, access } = await takingOver(t, { authSimplejwtAccess: 'on' })
  t.match(await app.core.tokens.authenticate(access()), { sub: id, user_id: '7', sid: /^simplejwt:/ })
})
