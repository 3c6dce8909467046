import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createHashGate } from '../src/core/hash-gate.ts'
import type { PosternError } from '../src/errors.ts'

const cores = availableParallelism()
const calm = { lags: () => false, caller: () => () => false }

/** As many jobs as a gate takes, all of which last until `finish`. */
function fill(gate: ReturnType<typeof createHashGate>) {
  const { promise: held, resolve: finish } = Promise.withResolvers<void>()
  const jobs: Array<Promise<unknown>> = []
  const refusals: PosternError[] = []
  let ran = 0
  const ask = () =>
    gate.run(() => {
      ran += 1
      return held
    })
  return {
    async until(most: number) {
      for (let at = 0; at < most && refusals.length === 0; at++) {
        jobs.push(ask().catch(error => refusals.push(error)))
        await Promise.resolve()
      }
    },
    finish: async () => {
      finish()
      await Promise.all(jobs)
    },
    refusals,
    ran: () => ran
  }
}

t.test(
  'the dearer the work, the fewer may wait: nobody is let in who would wait much longer than three seconds',
  async t => {
    const gate = createHashGate(calm)
    await gate.run(() => sleep(400))
    const { until, finish, refusals, ran } = fill(gate)
    await until(200)
    t.match(refusals, [{ code: 'overloaded', retryAfter: 4 }])
    await finish()
    // Before the one that is refused: those that run, and work for three seconds.
    t.ok(ran() > 2 * cores && ran() <= cores + 1 + Math.ceil((3000 / 400) * cores), `${ran()} were let in`)
    await gate.close()
  }
)

t.test('work that was expected to be cheap is not waited for for ever either', async t => {
  const gate = createHashGate(calm)
  const { until, finish, refusals, ran } = fill(gate)
  await until(cores + 50)
  t.equal(ran(), cores)
  const { now } = performance
  t.teardown(() => Object.assign(performance, { now }))
  performance.now = () => now.call(performance) + 5_001
  await finish()
  t.equal(ran(), cores, 'those that waited too long are not begun')
  t.equal(refusals.length, 50)
  t.match(refusals[0], { code: 'overloaded' })
  await t.resolves(gate.run(async () => {}))
  await gate.close()
})

t.test('the second job of somebody passes all who wait, lag or not', async t => {
  let lags = false
  const gate = createHashGate({ ...calm, lags: () => lags })
  const order: string[] = []
  const run = (name: string) =>
    gate.run(async () => {
      await sleep(5)
      order.push(name)
    })
  const waiting = Array.from({ length: cores + 16 }, (_, at) => run(`first ${at}`))
  lags = true
  await t.rejects(run('refused'), { code: 'overloaded', retryAfter: 1 })
  const next = gate.runNext(async () => void order.push('next'))
  await Promise.all([...waiting, next])
  t.ok(order.indexOf('next') <= 2 * cores)
  t.equal(order.length, cores + 17)
  await gate.close()
})
