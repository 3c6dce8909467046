import { compare } from '../comparison.ts'
import { count, type Row, ratio } from '../figure.ts'
import { fill } from '../fill.ts'
import { chains } from '../load/chains.ts'

const SESSIONS_A_CONNECTION = 20

/** Refreshing in a file that holds many users and sessions, against one that holds only those that are refreshed. */
export const fullStore: Row = async ({ plan, startPostern, folder }) => {
  const inUse = plan.connections * SESSIONS_A_CONNECTION
  const refreshIn = async (rows: number) => {
    const at = await folder()
    const tokens = await fill(at, rows, inUse)
    return chains(plan, await startPostern(at), { path: '/api/refresh/', tokens })
  }
  const comparison = await compare(
    plan,
    { name: 'full', measure: await refreshIn(plan.fullStore) },
    { name: 'empty', measure: await refreshIn(inUse) }
  )
  const label = `POST /api/refresh/ with ${count(plan.fullStore)} users and sessions in the file`
  // The smaller store waits for the disk as well: how busy it was says nothing.
  const line = ratio(label, `with the ${count(inUse)} in use only`, comparison, { least: 0.85 })
  return [{ ...line, limitBusy: undefined }]
}
