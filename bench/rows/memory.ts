import { logIn } from '../accounts.ts'
import type { Row } from '../figure.ts'
import { chains } from '../load/chains.ts'
import { load } from '../load/load.ts'
import { residentMegabytes } from '../usage.ts'
import { loginRequests } from './login.ts'

/** Resident memory of the process that took the loads of the other rows, after some more of each. */
export const memory: Row = async ({ plan, postern }) => {
  const service = await postern()
  const { port, pid } = service
  await load({ ...plan, port, connections: 64, requests: loginRequests(port, plan.users) })
  const tokens = (await logIn(port, plan.connections)).map(pair => pair.refresh)
  await chains(plan, service, { path: '/api/refresh/', tokens })()
  const value = await residentMegabytes(pid)
  return [
    {
      label: 'Resident memory after all loads',
      measured: `${value.toFixed()} MB`,
      value,
      unit: 'MB',
      most: 160,
      details: [value]
    }
  ]
}
