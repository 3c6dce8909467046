import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { experiments } from '../faults/experiments/index.ts'
import { createActions } from '../faults/harness/actions.ts'
import { createClient } from '../faults/harness/client.ts'
import { held } from '../faults/harness/experiment.ts'
import type { KnownUser } from '../faults/harness/knowledge.ts'
import { openLedger } from '../faults/harness/ledger.ts'
import { startLoad } from '../faults/harness/load.ts'
import { openMailbox } from '../faults/harness/mailbox.ts'
import { createRandom } from '../faults/harness/random.ts'
import { fit } from '../faults/harness/regression.ts'
import { addOAuthClient, type Service, startService } from '../faults/harness/service.ts'
import { audit } from '../faults/harness/verdict.ts'

/** The suite shares its machine with whatever else runs there. */
const SLACK = 10
t.setTimeout(300_000)

for (const { name, title, holds, quick, run } of experiments.filter(
  ({ quick, needs = [] }) => quick > 0 && !needs.length
))
  t.test(`${title}: ${holds}`, { timeout: 200_000 }, async t => {
    const context = {
      trials: quick,
      random: createRandom(7),
      minutes: 1,
      slack: SLACK,
      say: (line: string) => t.comment(line)
    }
    const outcome = await run({ ...context, folder: t.testdir() })
    const { lost, resurrected, duplicated, violations } = outcome
    t.same({ lost, resurrected, duplicated, violations }, { lost: [], resurrected: [], duplicated: [], violations: [] })
    t.equal(outcome.trials, quick, `${name} was carried out`)
    t.ok(held(outcome))
  })

/** A service that ends with the test. */
async function serve(t: Test, folder: string): Promise<Service> {
  const service = await startService({ folder })
  t.teardown(() => service.stop())
  await service.ready(20_000)
  return service
}

t.test('an audit notices what a copy of the data from earlier has forgotten', { timeout: 200_000 }, async t => {
  const folder = t.testdir()
  const [live, earlier, file] = [join(folder, 'live'), join(folder, 'earlier'), join(folder, 'ledger.jsonl')]
  const first = await serve(t, live)
  const ledger = openLedger(file)
  const plan = { ledger, mailbox: openMailbox(live), oauth: await addOAuthClient(live), actors: 4 }
  const load = startLoad({ url: first.url, ...plan })
  while (load.acknowledged() < 80) await sleep(20)
  await load.stop()
  t.same(await audit(first.url, ledger), { lost: [], resurrected: [], duplicated: [], half: [], unexpected: [] })
  await first.stop()
  cpSync(live, earlier, { recursive: true })

  const second = await serve(t, live)
  const actions = createActions(createClient(second.url), ledger)
  const [leaving, changing] = [...ledger.users.values()].filter(({ sessions }) => sessions.some(({ ended }) => !ended))
  for (const session of leaving?.sessions ?? []) if (leaving && !session.ended) await actions.logout(leaving, session)
  const { body } = await actions.login(changing as KnownUser, changing?.password ?? '')
  const session = changing?.sessions.at(-1)
  if (changing && session) await actions.change(changing, session, String(body.access), 'quite another phrase')
  await actions.register('newcomer', 'the phrase of a newcomer')
  await second.stop()
  ledger.close()

  const restored = await serve(t, earlier)
  const reread = openLedger(file)
  t.teardown(() => reread.close())
  t.equal(reread.acknowledged(), ledger.acknowledged(), 'the file knows what the memory knew')
  const { lost, resurrected, half } = await audit(restored.url, reread)
  const notices = (list: string[], what: string) => t.match(list.join('\n'), what)
  notices(lost, 'the password of newcomer')
  notices(lost, `the password of ${changing?.name}`)
  notices(resurrected, `an old password of ${changing?.name}`)
  notices(resurrected, `a session that ended, of ${leaving?.name}`)
  t.same(half, [])
})

t.test('the slope of a line is found with its error', async t => {
  t.same(fit([0, 1, 2, 3].map(x => ({ x, y: 2 * x + 5 }))), { slope: 2, error: 0 })
  const { slope, error } = fit([0, 1, 2].map(x => ({ x, y: x === 1 ? 3 : 0 })))
  t.same([slope, error.toFixed(3)], [0, '1.732'])
})
