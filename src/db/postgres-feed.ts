import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { type ChangeListener, StoreUnavailable } from './database.ts'
import { IDLE_MS } from './postgres-connections.ts'

const CHANNEL = 'postern_changes'
/** Notifications are for speed only: what none told of is found by asking so often. */
const ASK_EVERY_MS = 500
/** State in memory that is older than this is not relied on. */
const STALE_AFTER_MS = 5_000
const ANSWER_WITHIN_MS = 2_000
const RECONNECT_MS = { first: 50, most: 1_000 }
/** Longer than a connection may be silent: whoever has not read by then begins anew, and has to forget everything. */
const PURGE_EVERY_MS = 2 * IDLE_MS
const PURGE_BATCH = 5_000

// Nothing that this connection does needs to survive, and a NOTIFY waits for the disk otherwise.
const BEGIN = `SET synchronous_commit = off; LISTEN ${CHANNEL}`
const BEGIN_AT = 'SELECT pg_current_snapshot()::text AS snapshot, pg_backend_pid() AS pid'
// What the last look could not see yet, each row once: ids alone would skip whoever commits later than a higher id.
const LOOK = `
  SELECT pg_current_snapshot()::text AS snapshot, c.topic, c.key
  FROM (VALUES (1)) AS one LEFT JOIN changes AS c
    ON c.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(c.xid, $1::pg_snapshot)
  ORDER BY c.id
`
// By the number and not by the time: a row is as new as the commit of its transaction, however long that took.
const PURGE = `
  DELETE FROM changes
  WHERE id IN (SELECT id FROM changes WHERE xid < pg_snapshot_xmin($1::pg_snapshot) ORDER BY xid LIMIT ${PURGE_BATCH})
`

export type Feed = Awaited<ReturnType<typeof openFeed>>

/**
 * Follows what all instances change, this one included: looks twice a second, and at once when another instance says
 * that there is something. `connect` opens a connection for it alone, again when one is lost. Rejects with its errors.
 */
export async function openFeed(connect: () => Promise<Client>) {
  const listeners: ChangeListener[] = []
  let client: Client | undefined
  /** Everything that is visible in it was told. */
  let snapshot = ''
  let freshAt = Number.NEGATIVE_INFINITY
  let epoch = 0
  let closed = false
  let looking: Promise<void> | undefined
  let next: Promise<void> | undefined
  let toAnnounce = false
  /** Everything that is visible in it was committed so long ago. */
  let purgeable = { snapshot: '', at: 0 }

  async function attach(): Promise<void> {
    const fresh = await connect()
    try {
      await fresh.query(BEGIN)
      const begunAt = performance.now()
      const { rows } = await fresh.query(BEGIN_AT)
      if (closed) throw new StoreUnavailable('the database is closed')
      // Whatever was missed in between, and on whatever server: nothing that was read before counts any more.
      epoch += 1
      snapshot = rows[0].snapshot
      purgeable = { snapshot, at: begunAt }
      freshAt = begunAt
      client = fresh
      // Its own ones come with a look anyway.
      fresh.on('notification', ({ processId }) => void (processId !== rows[0].pid && look().catch(() => {})))
    } catch (error) {
      fresh.end().catch(() => {})
      throw error
    }
  }

  function tell(topic: string, key: string): void {
    if (topic === 'users' || topic === 'revoked_jti') for (const listener of listeners) listener(topic, key)
    // Seldom, and looked at as a whole.
    else epoch += 1
  }

  async function lookOnce(): Promise<void> {
    const own = client
    if (!own) throw new StoreUnavailable('what other instances change is not known')
    if (toAnnounce) own.query(`NOTIFY ${CHANNEL}`).catch(() => {})
    toAnnounce = false
    const begunAt = performance.now()
    const { rows } = await own.query({ name: 'changes_look', text: LOOK, values: [snapshot] })
    // An answer that came too late, over a connection that was given up.
    if (client !== own) throw new StoreUnavailable('the connection was replaced')
    for (const { topic, key } of rows) if (topic !== null) tell(topic, key)
    snapshot = rows[0].snapshot
    freshAt = begunAt
  }

  async function lose(own: Client | undefined, error: unknown): Promise<never> {
    if (client === own) client = undefined
    own?.end().catch(() => {})
    throw error
  }

  async function purge(): Promise<void> {
    const begunAt = performance.now()
    if (begunAt - purgeable.at < PURGE_EVERY_MS) return
    const now = snapshot
    const deleted = await client?.query(PURGE, [purgeable.snapshot])
    if ((deleted?.rowCount ?? 0) < PURGE_BATCH) purgeable = { snapshot: now, at: begunAt }
  }

  /** Takes over everything that was committed before the call. Those who ask while it runs share the next. */
  function look(): Promise<void> {
    const begin = () => {
      const used = client
      const own = within(lookOnce()).catch(error => lose(used, error))
      looking = own
      own
        .finally(() => {
          if (looking === own) looking = undefined
        })
        .catch(() => {})
      return own
    }
    if (!looking) return begin()
    next ??= looking
      .catch(() => {})
      .then(() => {
        next = undefined
        return begin()
      })
    return next
  }

  async function follow(): Promise<void> {
    let pause = RECONNECT_MS.first
    while (!closed) {
      try {
        if (!client) await attach()
        await look()
        await purge()
        pause = RECONNECT_MS.first
        await sleep(ASK_EVERY_MS, undefined, { ref: false })
      } catch {
        await sleep(pause, undefined, { ref: false })
        pause = Math.min(pause * 2, RECONNECT_MS.most)
      }
    }
  }

  await attach()
  void follow()

  return {
    onChange: (listener: ChangeListener): void => void listeners.push(listener),
    /** The same number as long as everything that was changed has been told. While that is unknown, never the same. */
    epoch(): number {
      if (closed) throw new StoreUnavailable('the database is closed')
      if (performance.now() - freshAt > STALE_AFTER_MS) epoch += 1
      return epoch
    },
    /**
     * After a commit, or what may have been one: it is in force here when this resolves, and the other instances are told.
     * Never rejects.
     */
    async announce({ isCertain = true } = {}): Promise<void> {
      toAnnounce = true
      await look().catch(() => {
        // Nothing in memory counts until the changes can be followed again.
        if (isCertain) freshAt = Number.NEGATIVE_INFINITY
      })
    },
    async close(): Promise<void> {
      closed = true
      await client?.end().catch(() => {})
    }
  }
}

/** A connection that is half dead answers nothing, and says nothing about it either. */
function within<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(reject, ANSWER_WITHIN_MS, new StoreUnavailable('the database does not answer'))
    work.finally(() => clearTimeout(timer)).catch(() => {})
  })
  return Promise.race([work, late])
}
