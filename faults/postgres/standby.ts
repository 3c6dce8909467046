import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../../tools/postgres.ts'
import type { Deployment } from './deployment.ts'

const CAUGHT_UP = `SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'`

/**
 * Copies the primary of a deployment to a standby, which from then on has every commit before it is acknowledged, kills the
 * primary, promotes the standby and leads the instances to it. Load goes on meanwhile.
 */
export async function promote(deployment: Deployment): Promise<void> {
  const { passage, query, server: primary } = deployment
  const standby = await startPostgres([], folder => {
    primary.run('pg_basebackup', '-D', folder, '-R', '-c', 'fast', '-X', 'stream')
  })
  try {
    await query(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await query('SELECT pg_reload_conf()')
    while ((await query(CAUGHT_UP)).length === 0) await sleep(20)
    // What is acknowledged from here on has to be found on the standby.
    await sleep(500)
    await primary.stop('immediate')
    standby.run('pg_ctl', 'promote', '-w', '-D', standby.folder)
    deployment.server = standby
    passage.lead(standby.port)
    await primary.remove()
  } catch (error) {
    if (deployment.server !== standby) await standby.remove()
    throw error
  }
}
