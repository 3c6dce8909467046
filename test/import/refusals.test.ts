import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { openSource } from '../../src/import/open.ts'
import type { OpenSource } from '../../src/import/source.ts'
import { csv, csvRow, deployment, HASH, HEADER } from './files.ts'

t.test('a file that cannot be read as a whole is refused with one sentence, and nothing is imported', async t => {
  const { folder, file, run, users } = deployment(t)
  const cut = JSON.stringify([{ id: 1, username: 'ada', password: HASH }]).slice(0, -20)
  const other = new Sqlite(join(folder, 'other.db'))
  other.exec('CREATE TABLE settings (id, password)')
  other.close()
  const entry = (model: string) => ({ model, pk: 1, fields: { username: 'ada', password: '', last_login: null } })
  const cases: Array<[path: string, message: RegExp, options?: Parameters<typeof openSource>[1]]> = [
    [join(folder, 'none'), /There is no file .*none\.$/],
    [folder, /.* is a directory\.$/],
    ['/dev/null', /is no regular file/],
    [await file('empty', ''), /empty is empty\.$/],
    [await file('cut.json', cut), /cut\.json is no complete JSON array: what is wrong stands after row 0\.$/],
    [await file('cut.jsonl', '{"id":1,"username":"ada","password":"x"}\n{"id":'), /Line 2 of .* is no complete/],
    [
      await file('cut.csv', `${csv(csvRow(1, 'ada'))}2,${HASH},,f,e`),
      /see line 3, it has another number of columns than/
    ],
    [
      await file('quote.csv', `${csv(csvRow(1, 'ada'))}2,"${HASH}`),
      /see line 3, a quotation mark is opened and not closed\./
    ],
    [
      await file('latin1.csv', Buffer.from(csv(csvRow(1, 'J\xf6rg')), 'latin1')),
      /is not UTF-8 text; .* after byte 0\.$/
    ],
    [await file('utf16.csv', Buffer.from(`\uFEFF${csv()}`, 'utf16le')), /is not UTF-8 text/],
    [
      await file('password.csv', 'id,username\n1,ada\n'),
      /has no column password: its first line must name the columns/
    ],
    [await file('name.csv', 'id,password\n1,x\n'), /has no column username/],
    [await file('id.json', '[{"username":"ada","password":""}]'), /The first row of .* has no id\.$/],
    [await file('numbers.json', '[1, 2]'), /Row 1 of .* is no JSON object\.$/],
    [await file('users.xml', '<?xml version="1.0"?><django-objects/>'), /is XML\. Export as JSON instead/],
    [await file('text.json', 'id,password'), /does not begin as json does/, { format: 'json' }],
    [
      await file('rows.json', '[{"id":1}]'),
      /is no fixture of Django: row 1 has no model and fields/,
      { format: 'fixture' }
    ],
    [await file('sites.json', '[{"model":"sites.site","pk":1,"fields":{}}]'), /so no users/],
    [
      await file('two.json', JSON.stringify([entry('a.user'), entry('b.user')])),
      /users of several models; choose with --table: a\.user, b\.user\.$/
    ],
    [join(folder, 'two.json'), /has nothing of the model c\.user/, { table: 'c.user' }],
    [join(folder, 'other.db'), /has no table with id, username \(or email\), password and last_login/],
    [join(folder, 'other.db'), /The table settings of .* has no column username/, { table: 'settings' }],
    [join(folder, 'other.db'), /has no table users\./, { table: 'users' }],
    [join(folder, 'other.db'), /is a SQLite database, not csv/, { format: 'csv' }],
    [await file('not.db', 'SQLite format 3\0 but not really'), /cannot be read as a SQLite database/]
  ]
  for (const [path, message, options] of cases) {
    const error = await openSource(path, options).then(readAll, String)
    t.match(String(error), message)
    t.notMatch(String(error), HASH.slice(-20))
  }
  const { code, stderr, summary } = await run(join(folder, 'cut.csv'))
  t.same([code, summary], [1, undefined])
  t.match(
    stderr,
    /^postern: .*cut\.csv is no complete CSV file: see line 3, it has another number of columns than the header\.\n$/
  )
  t.same(await users(), [])
})

/** Reads a file to its end, as an import does; gives what is wrong with it. */
async function readAll(source: OpenSource): Promise<unknown> {
  try {
    for await (const _user of source.users());
    return undefined
  } catch (error) {
    return error
  } finally {
    source.close()
  }
}

const bad = [
  csvRow(1, 'ada'),
  csvRow(2, 'ＡＤＡ', ''),
  csvRow(3, 'eve', 'Eve@example.com'),
  csvRow(4, 'mallory', 'eve@EXAMPLE.com'),
  csvRow(5, 'md5', '', 'md5$salt$0123456789abcdef0123456789abcdef'),
  csvRow(6, 'two words', 'no address'),
  csvRow(7, 'late').replace('2020-01-31', '31.1.2020').replace(',f,t,', ',f,perhaps,'),
  csvRow(8, 'same'),
  csvRow(8, 'other'),
  csvRow('', 'idless'),
  csvRow(11, 'good')
]

t.test('whoever cannot be imported is reported with every reason, and nothing is written', async t => {
  const { folder, file, run, users } = deployment(t)
  const report = join(folder, 'report.jsonl')
  const { code, stderr, summary } = await run(await file('users.csv', csv(...bad)), '--report', report)
  t.same([code, stderr], [1, ''])
  t.match(summary, { written: false, imported: 1, refused: 10 })
  t.same(await users(), [])
  const refused = (await readFile(report, 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const twice = 'Another one in this file'
  t.match(refused, [
    {
      line: 2,
      id: '1',
      name: 'ada',
      reasons: [`username: ${twice} is "ada" too; case and Unicode form do not count.`]
    },
    { line: 3, id: '2', reasons: [`username: ${twice} is "ada" too; case and Unicode form do not count.`] },
    { line: 4, reasons: [`email: ${twice} has "eve@example.com" too; case does not count.`] },
    { line: 5, reasons: [/^email: /] },
    { line: 6, name: 'md5', reasons: [/^password: md5 hashes/] },
    { line: 7, reasons: [/^username: Must have/, /^email: Must be an e-mail/] },
    { line: 8, reasons: [/^is_active: Must be true or false/, /^date_joined: Must be a time/] },
    { line: 9, id: '8', reasons: [`id: ${twice} has it too.`] },
    { line: 10, id: '8', reasons: [`id: ${twice} has it too.`] },
    { line: 11, id: '', reasons: [/^id: Must have/] }
  ])
  t.equal(refused.length, 10)
  t.notMatch(await readFile(report, 'utf8'), HASH.slice(-20))
})

t.test('with --skip-refused the others are imported; --dry-run says so and writes nothing', async t => {
  const { file, run, users, audit } = deployment(t)
  const path = await file('users.csv', csv(...bad))
  const dry = await run(path, '--skip-refused', '--dry-run')
  t.match(dry, { code: 1, summary: { written: false, imported: 1, refused: 10 } })
  t.same(await users(), [])
  t.match(await run(path, '--skip-refused'), { code: 1, summary: { written: true, imported: 1, refused: 10 } })
  t.match(await users(), [{ username: 'good', legacyId: '11' }])
  t.match(await audit(), [{ event: 'user_imported', detail: { users: 1 } }])
})

t.test('without a report refused rows are shown on stderr, and only the first of many', async t => {
  const { file, run } = deployment(t)
  const rows = Array.from({ length: 30 }, (_, n) => csvRow(n + 1, `user ${n}\u001b[2J`))
  const { stderr } = await run(await file('users.csv', csv(...rows)))
  const lines = stderr.trim().split('\n')
  t.equal(lines.length, 21)
  t.match(lines[0], 'line 2, "user 0\\u001b[2J": username: Must have 1 to 150 characters')
  t.equal(lines[20], 'and 10 more; --report FILE has them all')
})

t.test('a group that cannot be a role, or has no name, is a reason that says what to do', async t => {
  const { file, run } = deployment(t)
  const user = { id: 1, username: 'ada', password: '', last_login: null }
  const { stderr } = await run(await file('users.json', JSON.stringify([{ ...user, groups: ['Content editors', 5] }])))
  t.match(stderr, `--group 'Content editors=ROLE'`)
  t.match(stderr, 'does not say what group 5 is called. Export the groups too.')
})

t.test('a header alone, or an empty list, is no user and no error', async t => {
  const { file, run } = deployment(t)
  for (const content of [`${HEADER}\n`, '[]'])
    t.match(await run(await file('users', content)), { code: 0, summary: { imported: 0, refused: 0 } })
})

t.test('a blacklisted token that says nothing is reported, too', async t => {
  const { file, run } = deployment(t)
  const tokens = [
    { model: 'token_blacklist.outstandingtoken', pk: 1, fields: { jti: '', expires_at: 'soon' } },
    { model: 'token_blacklist.blacklistedtoken', pk: 1, fields: { token: 1 } }
  ]
  const { code, stderr } = await run(await file('tokens.json', JSON.stringify(tokens)))
  t.equal(code, 1)
  t.match(stderr, /^row 1, "": A blacklisted token needs a jti and an expires_at\.\n$/)
})
