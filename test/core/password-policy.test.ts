import t from 'tap'
import { resolveConfig } from '../../src/config.ts'
import { createPasswordPolicy } from '../../src/core/password-policy.ts'

const ada = { username: 'Ada-Lovelace', email: 'countess@analytical.example' }
const standard = createPasswordPolicy(resolveConfig({}))
const nist = createPasswordPolicy(resolveConfig({ authPasswordPolicy: 'nist' }))

/** The passwords of a list that a policy takes. */
const taken = (passwords: string[], policy = standard, owner: Parameters<typeof policy.problems>[1] = ada) =>
  passwords.filter(password => policy.problems(password, owner).length === 0)

t.test('a password needs no composition, only length', t => {
  const fine = ['oldpassword', 'newpassword123', 'correct horse', 'ヒミツのことば八字', '\0\0\0\0\0\0\0\0', '        x']
  t.same(taken(fine), fine)
  t.end()
})

t.test('length is counted in characters, after composition', t => {
  t.same(taken(['horsesx', '😀'.repeat(7), 'e\u0301'.repeat(7), '']), [])
  const eight = ['horsesxy', '😀'.repeat(8), 'e\u0301xyzuvwq']
  t.same(taken(eight), eight)
  const most = ['x'.repeat(256), '😀'.repeat(256), 'e\u0301'.repeat(256)]
  t.same(taken(most), most)
  t.same(taken(['x'.repeat(257), '😀'.repeat(257), 'x'.repeat(60_000)]), [])
  t.match(standard.problems('short', ada), [/8/])
  t.match(standard.problems('x'.repeat(257), ada), [/256/])
  t.end()
})

t.test('half a character is not text', t => {
  t.same(taken(['correct horse \ud83d', '\ude00 correct horse']), [])
  t.end()
})

t.test('common passwords are refused in any case and form', t => {
  const common = [
    'password',
    'PASSWORD',
    'PassWord1',
    'qwertyuiop',
    '12345678',
    'ILoveYou1',
    ' password ',
    'ｐａｓｓｗｏｒｄ'
  ]
  t.same(taken(common), [])
  t.match(standard.problems('password', ada), [/common/])
  t.end()
})

t.test('the own name, the address and the name of the service are refused, digits and signs around them or not', t => {
  const names = ['ada-lovelace', 'ADA-LOVELACE', 'Ada-Lovelace1815!', '12ada-lovelace', '__Ada-Lovelace__']
  const addresses = [
    'countess@analytical.example',
    'COUNTESS@analytical.example1',
    'countess',
    'Countess2026',
    '!countess!'
  ]
  const service = ['postern1', 'Postern2026!', '123postern']
  t.same(taken([...names, ...addresses, ...service]), [])
  const other = ['my ada-lovelace fan page', 'countess of nothing', 'posterns are small doors']
  t.same(taken(other), other, 'a name among other words is no name')
  t.end()
})

t.test('a name of digits or without an address is a name as well', t => {
  t.same(taken(['1815181518', '18151815'], standard, { username: '18151815', email: null }), ['1815181518'])
  t.same(taken(['correct horse'], standard, { username: '_', email: null }), ['correct horse'])
  t.end()
})

t.test('AUTH_PASSWORD_MIN and AUTH_PASSWORD_POLICY=nist ask for more', t => {
  const twelve = createPasswordPolicy(resolveConfig({ authPasswordMin: 12 }))
  t.same(taken(['horse staple', 'horsestaple'], twelve), ['horse staple'])
  t.same(taken(['horse staple b', 'horse staple ba'], nist), ['horse staple ba'])
  const twenty = createPasswordPolicy(resolveConfig({ authPasswordPolicy: 'nist', authPasswordMin: 20 }))
  t.same(taken(['horse staple battery', 'horse staple batter'], twenty), ['horse staple battery'])
  t.match(nist.problems('horse staple', ada), [/15/])
  t.end()
})
