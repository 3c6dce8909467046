import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'
import { fill } from '../fill.ts'
import { chains } from '../load/chains.ts'

/** Refreshing in a file that holds many users and sessions, against one that holds only the sessions in use. */
export const fullStore: Row = async ({ plan, startPostern, folder }) => {
  const measureWith = async (rows: number) => {
    const at = await folder()
    const tokens = await fill(at, rows, plan.connections)
    const { port } = await startPostern(at)
    return chains(plan, { port, path: '/api/refresh/', tokens })
  }
  const comparison = await compare(
    plan,
    { name: 'full', measure: await measureWith(plan.fullStore) },
    { name: 'empty', measure: await measureWith(plan.connections) }
  )
  const label = `POST /api/refresh/ with ${plan.fullStore.toLocaleString('en-US')} users and sessions in the file`
  return [ratio(label, 'in an empty file', comparison, { least: 0.85 })]
}
