import { createHash, hash } from 'node:crypto'
import type Sqlite from 'better-sqlite3'
import t from 'tap'
import { createChain, sealKeys } from '../../src/core/audit-chain.ts'
import { next, put, type Row, recommit, rowAt, rowsOf, sealedTrail } from './forging.ts'
import { forge, operatorsKeys, verify } from './trail.ts'

const keys = await operatorsKeys()
const auditor = { kid: keys.kid }
let path: string

t.before(async () => {
  path = await sealedTrail(t)
})

t.test(
  'a trail is intact as it was written, for whoever has the secret and for whoever has the public key',
  async t => {
    for (const one of [keys, auditor]) {
      const { head, ...verdict } = verify(path, one)
      t.match(verdict, { rows: 12, seals: 3, unsealed: 2, tampering: undefined })
      t.match(head, /^[\da-f]{64}$/)
      t.equal(verify(path, { ...one, head: head as string }).tampering, undefined)
    }
  }
)

t.test('whoever changes the trail without the secret is noticed', async t => {
  const set = (column: string, value: unknown, at: number) => (sqlite: Sqlite.Database) =>
    sqlite.prepare(`UPDATE audit_events SET ${column} = ? WHERE id = ?`).run(value, rowAt(sqlite, at).id)
  const changes: Record<string, (sqlite: Sqlite.Database) => void> = Object.fromEntries(
    Object.entries({
      at: 1,
      event: 'authn_login_success',
      user_id: null,
      session_id: 'x',
      ip: '192.0.2.1',
      detail: '{"reason":"none"}',
      digest: 'x'.repeat(43),
      salt: null
    }).map(([column, value]) => [`changes the ${column} of a row`, set(column, value, 5)])
  )
  const cases: Record<string, (sqlite: Sqlite.Database) => void> = {
    ...changes,
    'takes the commitment off a row': sqlite =>
      sqlite.prepare('UPDATE audit_events SET digest = NULL, salt = NULL WHERE id = ?').run(rowAt(sqlite, 5).id),
    'changes a row so that its commitment fits': sqlite => {
      const changed = recommit({ ...rowAt(sqlite, 5), ip: '192.0.2.1' })
      sqlite.prepare('DELETE FROM audit_events WHERE id = ?').run(changed.id)
      put(sqlite, changed)
    },
    'removes a row': sqlite => sqlite.prepare('DELETE FROM audit_events WHERE id = ?').run(rowAt(sqlite, 5).id),
    'removes the oldest row': sqlite =>
      sqlite.prepare('DELETE FROM audit_events WHERE id = ?').run(rowAt(sqlite, 0).id),
    'inserts a row': sqlite => {
      const row = rowAt(sqlite, 5)
      put(sqlite, recommit({ ...row, id: next(row.id) }))
    },
    'copies a row': sqlite => {
      const row = rowAt(sqlite, 5)
      put(sqlite, { ...row, id: next(row.id) })
    },
    'exchanges two rows': sqlite => {
      const [a, b] = [rowAt(sqlite, 5), rowAt(sqlite, 6)]
      sqlite.prepare('DELETE FROM audit_events WHERE id IN (?, ?)').run(a.id, b.id)
      put(sqlite, { ...a, id: b.id })
      put(sqlite, { ...b, id: a.id })
    },
    'makes rows anonymous of a user who was not deleted': sqlite =>
      sqlite
        .prepare(`UPDATE audit_events SET ip = NULL, detail = '{}', salt = NULL WHERE id = ?`)
        .run(rowAt(sqlite, 5).id),
    'puts something into an anonymous row': sqlite =>
      sqlite.prepare(`UPDATE audit_events SET ip = '192.0.2.1' WHERE salt IS NULL`).run(),
    'removes the deletion of a user': sqlite =>
      sqlite.prepare(`DELETE FROM audit_events WHERE event = 'user_deleted'`).run(),
    'removes a seal in the middle': sqlite =>
      sqlite
        .prepare(
          'DELETE FROM audit_seals WHERE through_id = (SELECT through_id FROM audit_seals ORDER BY 1 LIMIT 1 OFFSET 1)'
        )
        .run(),
    'removes the first seal': sqlite =>
      sqlite.prepare('DELETE FROM audit_seals WHERE through_id = (SELECT min(through_id) FROM audit_seals)').run(),
    'removes a seal with its rows': sqlite => {
      const [first, second] = sqlite.prepare('SELECT through_id FROM audit_seals ORDER BY 1').pluck().all() as string[]
      sqlite.prepare('DELETE FROM audit_events WHERE id > ? AND id <= ?').run(first, second)
      sqlite.prepare('DELETE FROM audit_seals WHERE through_id = ?').run(second)
    },
    'removes the oldest rows with their seal': sqlite => {
      const through = sqlite.prepare('SELECT min(through_id) FROM audit_seals').pluck().get()
      sqlite.prepare('DELETE FROM audit_events WHERE id <= ?').run(through)
      sqlite.prepare('DELETE FROM audit_seals WHERE through_id = ?').run(through)
    },
    'removes a row and says in the seal that there was one less': sqlite => {
      sqlite.prepare('DELETE FROM audit_events WHERE id = ?').run(rowAt(sqlite, 5).id)
      sqlite.exec(
        'UPDATE audit_seals SET rows = rows - 1 WHERE through_id <> (SELECT min(through_id) FROM audit_seals)'
      )
    },
    'seals again with a key of their own': sqlite => {
      const gone = rowAt(sqlite, 10).id
      const last = sqlite.prepare('SELECT * FROM audit_seals ORDER BY through_id DESC LIMIT 1').get() as { id: string }
      sqlite.prepare('DELETE FROM audit_events WHERE id > ?').run(gone)
      const own = sealKeys(createHash('sha256').update('a guess').digest())
      const chain = createChain(last.id)
      const {
        kid,
        signature,
        hash: made
      } = own.sign({ id: last.id, throughId: gone, rows: 2, hash: chain.end(), at: 1 })
      sqlite
        .prepare('UPDATE audit_seals SET hash = ?, signature = ?, kid = ? WHERE id = ?')
        .run(made, signature, kid, last.id)
    },
    'removes every row': sqlite => sqlite.exec('DELETE FROM audit_events'),
    'removes every row and every seal': sqlite => sqlite.exec('DELETE FROM audit_events; DELETE FROM audit_seals')
  }
  for (const [name, work] of Object.entries(cases)) {
    const copy = forge(path, name, work)
    for (const [who, one] of Object.entries({ operator: keys, auditor }))
      t.ok(verify(copy, one).tampering, `the ${who} notices who ${name}`)
  }
})

t.test('the first place is named, as exactly as it can be known', async t => {
  let id = ''
  const changed = forge(path, 'changed', sqlite => {
    id = rowAt(sqlite, 5).id
    sqlite.prepare(`UPDATE audit_events SET event = 'x' WHERE id >= ? AND event = 'authn_login_fail'`).run(id)
  })
  t.match(verify(changed, keys).tampering, { what: 'this row was changed or inserted', id })
  const removed = forge(path, 'removed', sqlite => {
    id = sqlite.prepare('SELECT through_id FROM audit_seals ORDER BY 1 LIMIT 1 OFFSET 1').pluck().get() as string
    sqlite.prepare('DELETE FROM audit_events WHERE id = ?').run(rowAt(sqlite, 5).id)
  })
  t.match(verify(removed, keys).tampering, { what: /^1 of the rows .+ were removed$/, id })
  const unlinked = forge(path, 'unlinked', sqlite => {
    sqlite.exec('DELETE FROM audit_seals WHERE through_id = (SELECT min(through_id) FROM audit_seals)')
  })
  t.match(verify(unlinked, keys).tampering, { what: 'a seal before the one of this row was removed' })
  const other = sealKeys(createHash('sha256').update('a guess').digest())
  t.match(verify(path, { kid: other.kid }).tampering, { what: 'the seal of this row was signed with another key' })
})

t.test('who writes rows that no seal covers yet is noticed by the secret alone', async t => {
  const made = forge(path, 'made', sqlite => {
    const row = rowAt(sqlite, -1)
    put(sqlite, recommit({ ...row, id: next(row.id) }))
  })
  t.match(verify(made, keys).tampering, { what: 'this row was changed or inserted' })
  t.equal(verify(made, auditor).tampering, undefined, 'which docs/audit.md says')
  const bare = forge(path, 'bare', sqlite => {
    const row = { ...rowAt(sqlite, -1), user_id: null, ip: null, detail: '{}', digest: null, salt: null }
    put(sqlite, { ...row, id: next(row.id) } as never)
  })
  for (const one of [keys, auditor]) t.match(verify(bare, one).tampering, { what: 'this row was inserted' })
  const changed = forge(path, 'changed', sqlite => {
    sqlite.prepare(`UPDATE audit_events SET ip = '192.0.2.1' WHERE id = ?`).run(rowAt(sqlite, -1).id)
  })
  for (const one of [keys, auditor]) t.ok(verify(changed, one).tampering)
})

t.test('that the end was cut off shows only against a head that was noted elsewhere', async t => {
  const { head } = verify(path, keys)
  const behind = forge(path, 'rows behind the last seal', sqlite => {
    sqlite.prepare('DELETE FROM audit_events WHERE id > (SELECT max(through_id) FROM audit_seals)').run()
  })
  t.equal(verify(behind, keys).tampering, undefined, 'not noticed: nothing has been said about them yet')
  const end = forge(path, 'the last seal and its rows', sqlite => {
    sqlite.exec('DELETE FROM audit_seals WHERE through_id = (SELECT max(through_id) FROM audit_seals)')
    sqlite.exec('DELETE FROM audit_events WHERE id > (SELECT max(through_id) FROM audit_seals)')
  })
  t.equal(verify(end, keys).tampering, undefined, 'nor this, by itself')
  t.match(verify(end, { ...keys, head: head as string }).tampering, { what: /the end of the trail was removed/ })
  const seal = forge(path, 'the last seal', sqlite => {
    sqlite.exec('DELETE FROM audit_seals WHERE through_id = (SELECT max(through_id) FROM audit_seals)')
  })
  t.match(verify(seal, keys), { tampering: undefined, unsealed: 4 }, 'its rows are sealed anew')
})

t.test('after a deletion nobody can make further rows of the user look anonymous', async t => {
  const copy = forge(path, 'one more', sqlite => {
    const row = rowsOf(sqlite).find(({ event }) => event === 'user_deleted') as Row
    const last = rowAt(sqlite, -1)
    put(sqlite, { ...last, id: next(last.id), user_id: row.user_id, ip: null, detail: '{}', salt: null } as never)
  })
  t.match(verify(copy, keys).tampering, { what: /more rows about this user are anonymous/ })
})

t.test('what a deletion took away cannot be guessed from what it left', async t => {
  forge(path, 'look', sqlite => {
    const anonymous = rowsOf(sqlite).filter(({ salt }) => salt === null)
    t.equal(anonymous.length, 2, 'the registration and the login of eve')
    for (const { id, at, event, user_id, session_id, digest } of anonymous) {
      const guess = JSON.stringify([id, at, event, user_id, session_id, '127.0.0.1', {}])
      t.not(hash('sha256', guess, 'base64url'), digest)
    }
  })
})
