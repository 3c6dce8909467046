import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { logIn } from '../accounts.ts'
import { compare } from '../comparison.ts'
import { type Row, ratio } from '../figure.ts'

const program = createRequire(import.meta.url).resolve('autocannon')

/** The first row again, by a generator that others wrote; where it is slower than the bare route, its ratio flatters. */
export const autocannon: Row = async ({ plan, postern, bare, folder }) => {
  const [service, limit, at] = [await postern(), await bare(), await folder()]
  const tokens = await logIn(service.port, plan.users)

  const measure = (path: string, port: number) => {
    const url = `http://127.0.0.1:${port}`
    const entries = tokens.map(({ access }) => ({
      request: { method: 'GET', url: url + path, headers: [{ name: 'authorization', value: `Bearer ${access}` }] }
    }))
    const file = join(at, `${port}.har`)
    return async () => {
      await writeFile(file, JSON.stringify({ log: { entries } }))
      const seconds = Math.max(1, plan.seconds)
      const options = ['--json', '--connections', plan.connections, '--duration', seconds, '--har', file, url]
      const { stdout } = await promisify(execFile)(process.execPath, [program, ...options.map(String)])
      const { non2xx, errors, requests } = JSON.parse(stdout)
      if (non2xx + errors > 0) throw new Error(`autocannon counted ${non2xx} bad answers and ${errors} errors`)
      return { rate: requests.average as number }
    }
  }
  const comparison = await compare(
    plan,
    { name: 'protected', measure: measure('/api/protected/', service.port) },
    { name: 'bare GET', measure: measure('/bare', limit.port) }
  )
  return [ratio('GET /api/protected/, measured by autocannon', 'bare GET', comparison)]
}
