import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import t from 'tap'
import { checkCutOver } from '../src/cli/doctor-cut-over.ts'
import { type Options, resolveConfig } from '../src/config.ts'
import { KEY, takingOver } from './django/taking-over.ts'
import { build, testClock } from './helper.ts'
import { hmac } from './routes/forgery.ts'

const pem = (key: KeyObject) => key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }) as string
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pairs = { RS256: rsa, RS384: rsa, RS512: rsa, ES256: ec('P-256'), ES384: ec('P-384'), ES512: ec('P-521') }

for (const [algorithm, { publicKey, privateKey }] of Object.entries(pairs)) {
  t.test(`tokens that Django signed with ${algorithm} are checked with its public key`, async t => {
    const authSimplejwtKey = pem(publicKey)
    const authSimplejwtAlgorithm = algorithm as keyof typeof pairs
    const { http, claims } = await takingOver(t, { authSimplejwtKey, authSimplejwtAlgorithm })
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: algorithm, typ: 'JWT' }).sign(privateKey)
    t.equal((await http.refresh(token)).statusCode, 200)
    const confused = hmac({ alg: 'HS256', typ: 'JWT' }, claims(), authSimplejwtKey)
    const disguised = hmac({ alg: algorithm, typ: 'JWT' }, claims(), authSimplejwtKey)
    for (const forged of [confused, disguised]) t.equal((await http.refresh(forged)).statusCode, 401)
  })
}

for (const [algorithm, hash] of [
  ['HS384', 'sha384'],
  ['HS512', 'sha512']
] as const) {
  t.test(`tokens that Django signed with ${algorithm} are checked with its key`, async t => {
    const { http, claims, mint } = await takingOver(t, { authSimplejwtAlgorithm: algorithm })
    t.equal((await http.refresh(hmac({ alg: algorithm, typ: 'JWT' }, claims(), KEY, hash))).statusCode, 200)
    t.equal((await http.refresh(mint())).statusCode, 401, 'HS256 is another algorithm')
  })
}

t.test('the private key does as well, and so does one whose line breaks are escaped', async t => {
  const { privateKey } = pairs.ES256
  for (const authSimplejwtKey of [pem(privateKey), pem(privateKey).replaceAll('\n', '\\n')]) {
    const { http, claims } = await takingOver(t, { authSimplejwtKey, authSimplejwtAlgorithm: 'ES256' })
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', typ: 'JWT' }).sign(privateKey)
    t.equal((await http.refresh(token)).statusCode, 200)
  }
})

const ILL_MATCHED: [Options['authSimplejwtAlgorithm'], string, RegExp][] = [
  ['RS256', KEY, /: give the VERIFYING_KEY: a public RSA key as PEM\.$/],
  ['RS512', pem(pairs.ES256.publicKey), /: give the VERIFYING_KEY: a public RSA key as PEM\.$/],
  ['ES256', pem(rsa.publicKey), /: a public prime256v1 key as PEM\.$/],
  ['ES256', pem(pairs.ES384.publicKey), /: a public prime256v1 key as PEM\.$/],
  ['HS256', pem(rsa.publicKey), /: it is a key as PEM; give the text of SIGNING_KEY, or set the algorithm /]
]

t.test('a key that cannot be used with the algorithm stops the start, is named and not shown', async t => {
  for (const [authSimplejwtAlgorithm, authSimplejwtKey, why] of ILL_MATCHED) {
    const settings = { authSimplejwtKey, authSimplejwtAlgorithm, authSimplejwtUntil: '2026-03-01' }
    const error = await build(t, settings).catch((error: Error) => error)
    if (!(error instanceof Error)) return t.fail(`it started with ${authSimplejwtAlgorithm}`)
    t.equal(error.name, 'StartError')
    t.match(error.message, why)
    t.match(error.message, /^AUTH_SIMPLEJWT_KEY: its value cannot be used with AUTH_SIMPLEJWT_ALGORITHM [A-Z\d]+: /)
    t.notOk(error.message.includes(authSimplejwtKey.split('\n')[1] ?? authSimplejwtKey))
    t.same([...checkCutOver(resolveConfig(settings))], [['fail', error.message]])
  }
})

t.test('the start warns until when tokens of Django are accepted, or that the key is of no use any more', async t => {
  const settings = { authSimplejwtKey: KEY, authSimplejwtUntil: '2026-03-01' }
  const said = async (options: Options) => {
    const lines: string[] = []
    const logger = pino({ level: 'warn' }, { write: line => void lines.push(JSON.parse(line).msg) })
    await build(t, options, { now: testClock().now, logger })
    return lines.filter(line => line.includes('SIMPLEJWT'))
  }
  t.match(await said(settings), [/^AUTH_SIMPLEJWT_KEY is set: until 2026-03-01 \(00:00 UTC\) /])
  t.match(await said({ ...settings, authSimplejwtUntil: '2026-01-31' }), [
    /^AUTH_SIMPLEJWT_UNTIL \(2026-01-31\) is over/
  ])
  t.same(await said({}), [])
})

t.test('the doctor warns of the key as long as it is there', t => {
  const config = resolveConfig({ authSimplejwtKey: KEY, authSimplejwtUntil: '2026-03-01' })
  const end = config.authSimplejwtUntil
  t.match([...checkCutOver(config, end - 1)], [['warn', /^tokens of Django are accepted until 2026-03-01: /]])
  t.match([...checkCutOver(config, end)], [['warn', /^tokens of Django are refused since 2026-03-01 /]])
  t.same([...checkCutOver(resolveConfig({}))], [])
  t.end()
})
