import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createBench, fullPlan, quickPlan } from './bench.ts'
import { type Figure, isMet, type Row } from './figure.ts'
import { describeMachine } from './machine.ts'
import { notes, table } from './report.ts'
import { addresses } from './rows/addresses.ts'
import { autocannon } from './rows/autocannon.ts'
import { flood } from './rows/flood.ts'
import { foreignLogins } from './rows/foreign-logins.ts'
import { fullStore } from './rows/full-store.ts'
import { generator } from './rows/generator.ts'
import { userImport } from './rows/import.ts'
import { introspection } from './rows/introspection.ts'
import { latency } from './rows/latency.ts'
import { login } from './rows/login.ts'
import { memory } from './rows/memory.ts'
import { postgres } from './rows/postgres.ts'
import { forwardAuth, protectedRoute } from './rows/protected.ts'
import { refresh } from './rows/refresh.ts'
import { start } from './rows/start.ts'
import { statusList } from './rows/status-list.ts'
import { verifier } from './rows/verifier.ts'

/** In the order of the table; `memory` comes after the loads that it looks back on. */
const rows: Record<string, Row> = {
  protected: protectedRoute,
  'forward-auth': forwardAuth,
  refresh,
  introspection,
  login,
  latency,
  'foreign-logins': foreignLogins,
  flood,
  memory,
  'full-store': fullStore,
  start,
  'status-list': statusList,
  addresses,
  verifier,
  import: userImport,
  postgres,
  generator,
  autocannon
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(rows) },
    json: { type: 'string' }
  }
})
const unknown = values.only.filter(name => !(name in rows))
if (unknown.length > 0) {
  process.stderr.write(`There is no row ${unknown.join(', ')}. Rows: ${Object.keys(rows).join(', ')}\n`)
  process.exit(2)
}

const plan = values.quick ? quickPlan : fullPlan
const bench = createBench(plan)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void bench.close().finally(() => process.exit(1)))
}
try {
  const machine = await describeMachine(await bench.folder())
  const figures: Figure[] = []
  for (const name of values.only) {
    process.stderr.write(`${name}\n`)
    figures.push(...((await rows[name]?.(bench)) ?? []))
  }
  console.log(`${table(figures, plan.quick)}\n\n${notes(machine, plan.rounds, figures)}`)
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine, plan, figures }, undefined, 2)}\n`)
  if (!plan.quick && figures.some(figure => isMet(figure) === false)) process.exitCode = 1
} finally {
  await bench.close()
}
