import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { foreignHashProblem, verifiableHash } from '../../src/core/foreign-hashes.ts'
import { PASSWORD, vectors } from './foreign-vectors.ts'

const PYTHON = '/usr/bin/python3'
const noDjango = spawnSync(PYTHON, ['-c', 'import django, argon2, bcrypt']).status !== 0
const required = process.env.POSTERN_REQUIRE_PYTHON === '1'

const matches = (encoded: string, password: string) => verifiableHash(encoded)?.matches(password)

for (const [name, encoded] of Object.entries(vectors))
  t.test(`a hash of ${name} verifies its password alone`, async t => {
    t.equal(foreignHashProblem(encoded), undefined)
    t.equal(await matches(encoded, PASSWORD), true)
    t.equal(await matches(encoded, `${PASSWORD}!`), false)
    t.equal(await matches(encoded, ''), false)
  })

t.test(
  'hashes that Django makes now verify their password alone',
  { skip: noDjango && !required && 'no python3-django with argon2 and bcrypt' },
  async t => {
    const password = 'pass wörd €'
    const made = spawnSync(PYTHON, [join(import.meta.dirname, 'django-hashes.py'), password], { encoding: 'utf8' })
    t.equal(made.stderr, '')
    const hashes = made.stdout.trim().split('\n')
    t.match(
      hashes.map(hash => hash.split('$')[0]),
      ['pbkdf2_sha256', 'pbkdf2_sha1', 'argon2', 'bcrypt_sha256', 'bcrypt', 'scrypt']
    )
    for (const hash of hashes) {
      t.equal(await matches(hash, password), true, hash)
      t.equal(await matches(hash, 'pass word €'), false, hash)
    }
  }
)

t.test('plain bcrypt looks at 72 bytes, as it did where the hash comes from, and refuses a zero byte', async t => {
  // Django's BCryptPasswordHasher, rounds 4, of 80 times x.
  const long = 'bcrypt$$2b$04$2pEQJ/FNpWb56T/34DKoy.FUL3ExBF5uRa1Bb0OonTPGES0TzXzLm'
  t.equal(await matches(long, 'x'.repeat(80)), true)
  t.equal(await matches(long, 'x'.repeat(72)), true)
  t.equal(await matches(long, 'x'.repeat(71)), false)
  t.equal(await matches(vectors.bcrypt, `${PASSWORD}\0${PASSWORD}`), false)
  t.equal(await matches(vectors.bcrypt_sha256, `${PASSWORD}\0${PASSWORD}`), false)
})

t.test('what cannot be taken over is refused with the reason, and none says anything of the hash', async t => {
  const digest = `${'A'.repeat(43)}=`
  const scryptDigest = `${'A'.repeat(86)}==`
  const bcrypt = (cost: string) => vectors['plain bcrypt'].replace('$04$', `$${cost}$`)
  const argon2 = (parameters: string) => `argon2$argon2id$v=19$${parameters}$c2FsdHNhbHRzYWx0$ERfw1TiEuar6KSFcDBesNA`
  const refused: Array<[encoded: string, problem: string | RegExp]> = [
    ['md5$salt$0c9c6b1b0a0f0e5f3a3f1e7c6d1f5b6a', 'md5 hashes are not taken over'],
    ['sha1$salt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8', 'sha1 hashes are not taken over'],
    ['88a434c88cca4e900f7874cd98123f43', 'unsalted_md5 hashes are not taken over'],
    ['md5$$88a434c88cca4e900f7874cd98123f43', 'unsalted_md5 hashes are not taken over'],
    ['sha1$$6d138ca3ae545631b3abd71a4f076ce759c5700b', 'unsalted_sha1 hashes are not taken over'],
    ['crypt$$ab1Hv2Lg7ltQo', 'crypt hashes are not taken over'],
    ['pbkdf2_wrapped_sha1$1000$salt$x', 'pbkdf2_wrapped_sha1 hashes are not taken over'],
    ['$6$salt$x', '$6 hashes are not taken over'],
    ['hunter$2', 'this is no hash of a known format'],
    ['', 'this is no hash of a known format'],
    [
      `pbkdf2_sha256$90000000$salt$${digest}`,
      'pbkdf2_sha256 with 90000000 iterations costs too much to verify; at most 10000000'
    ],
    [`pbkdf2_sha1$10000001$salt$${digest}`, /^pbkdf2_sha1 with 10000001 iterations costs too much/],
    [`pbkdf2_sha256$0$salt$${digest}`, /^the hash is damaged: pbkdf2_sha256 is written as /],
    [`pbkdf2_sha256$010$salt$${digest}`, /^the hash is damaged: /],
    [`pbkdf2_sha256$10$$${digest}`, /^the hash is damaged: /],
    [`pbkdf2_sha256$10$salt$${digest.slice(4)}`, 'the hash is damaged: its digest is not 32 bytes'],
    [`pbkdf2_sha1$10$salt$${digest}`, 'the hash is damaged: its digest is not 20 bytes'],
    [`pbkdf2_sha256$10$salt$${digest.replace('A=', 'B=')}`, 'the hash is damaged: its digest is not 32 bytes'],
    [`pbkdf2_sha256$10$${'s'.repeat(129)}$${digest}`, 'the hash is damaged: its salt has more than 128 bytes'],
    [
      `scrypt$1048576$salt$8$1$${scryptDigest}`,
      'scrypt with N=1048576, r=8, p=1 costs too much to verify; at most 256 MiB (128 * N * r)'
    ],
    [`scrypt$262144$salt$8$3$${scryptDigest}`, /at most N \* r \* p = 4194304$/],
    [`scrypt$1000$salt$8$1$${scryptDigest}`, 'the hash is damaged: there is no scrypt with N=1000, r=8, p=1'],
    [`scrypt$1$salt$8$1$${scryptDigest}`, /^the hash is damaged: there is no scrypt/],
    [`scrypt$65536$salt$1$1$${scryptDigest}`, /^the hash is damaged: there is no scrypt/],
    [`scrypt$1024$8$1$salt$${scryptDigest}`, /^the hash is damaged: scrypt is written as /],
    [argon2('m=1048577,t=1,p=1'), 'argon2 with m=1048577, t=1, p=1 costs too much to verify; at most m=1048576'],
    [argon2('m=1024,t=4097,p=1'), /at most m \* t = 4194304$/],
    [argon2('m=1024,t=2,p=65'), /at most p=64$/],
    [argon2('m=8,t=1,p=2'), 'the hash is damaged: there is no argon2 with m=8, t=1, p=2'],
    [argon2('m=1024,t=2'), /^the hash is damaged: argon2 is written as /],
    [argon2('m=1024,t=2,p=8').replace('HRzYWx0$', 'HRzYWx$'), 'the hash is damaged: its salt or digest is not base64'],
    [bcrypt('17'), 'bcrypt with cost 17 costs too much to verify; at most 16'],
    [bcrypt('03'), 'the hash is damaged: there is no bcrypt with cost 3'],
    [vectors.bcrypt.slice(0, -1), /^the hash is damaged: bcrypt is written as /],
    [vectors.bcrypt.replace('2b', '2x'), /^the hash is damaged: bcrypt is written as /]
  ]
  for (const [encoded, problem] of refused) {
    const found = foreignHashProblem(encoded) ?? ''
    if (typeof problem === 'string') t.equal(found, problem)
    else t.match(found, problem)
    t.equal(verifiableHash(encoded), undefined)
  }
})

t.test('the costs that Django has had as defaults are all within the bounds', async t => {
  const scryptDigest = `${'A'.repeat(86)}==`
  for (const encoded of [
    ...[10_000, 260_000, 600_000, 1_000_000, 1_200_000].map(n => `pbkdf2_sha256$${n}$salt$${'A'.repeat(43)}=`),
    `scrypt$16384$salt$8$1$${scryptDigest}`,
    `scrypt$16384$salt$8$5$${scryptDigest}`,
    'argon2$argon2id$v=19$m=102400,t=2,p=8$ZTRObjdGcVlwWDBzRGNVdkJrR2hSdA$hkDwGfqqYBUkwaATnz/Nww',
    'argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdHNhbHRzYWx0$ERfw1TiEuar6KSFcDBesNA',
    vectors.bcrypt_sha256.replace('$04$', '$12$')
  ])
    t.equal(foreignHashProblem(encoded), undefined, encoded)
})
