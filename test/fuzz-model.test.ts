import * as fc from 'fast-check'
import t from 'tap'
import type { Model } from './fuzz/model.ts'
import * as does from './fuzz/operations.ts'
import { runs } from './fuzz/runs.ts'
import { type Subject, subject } from './fuzz/subject.ts'

const names = fc.constantFrom('ada', 'grace')
const passwords = fc.constantFrom(...does.PASSWORDS)
const session = fc.nat(7)
const back = fc.constantFrom(0, 0, 0, 1, 1, 2)
const purposes = fc.constantFrom('verify_email' as const, 'reset_password' as const, 'login' as const)
const seconds = fc.constantFrom(1, 9, 9, 10, 10, 299, 300, 599, 600, 1800, 43_200, 86_400)

const done = new Map<string, number>()

/** Steps of one kind: what each does comes from values of its own. */
function step<Values extends unknown[]>(
  name: string,
  make: (...values: Values) => does.Operation,
  ...values: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> }
) {
  return fc.tuple<Values>(...values).map(given => ({
    check: () => true,
    async run(m: Model, s: Subject) {
      await make(...given)(m, s)
      await s.agree(m)
      done.set(name, (done.get(name) ?? 0) + 1)
    },
    toString: () => `${name}(${given})`
  }))
}

const login = step('login', does.login, names, passwords)
const refresh = step('refresh', does.refresh, session, back)
const wait = step('wait', does.wait, seconds)
const steps = [
  ...[login, login, login, refresh, refresh, refresh, refresh, wait, wait, wait],
  step('register', does.register, names),
  step('ask for a mail', does.askForMail, names, purposes),
  step('use a mail', does.useMail, names, purposes, back),
  step('log out', does.logout, session, back),
  step('log out everywhere', does.logoutAll, session),
  step('end the other sessions', does.endOthers, session),
  step('end a session', does.endSession, session, session),
  step('change the password', does.changePassword, session, passwords, passwords),
  step('delete the account', does.deleteAccount, session, passwords),
  step('restart', does.restart)
]

t.test('whatever users do in whatever order, who is logged in and what is refused is what the model says', async t => {
  const folder = t.testdir()
  const property = fc.asyncProperty(fc.commands(steps, { maxCommands: 70, size: 'max' }), async commands => {
    const real = await subject(t, folder)
    const model: Model = { now: real.clock.now(), users: new Map(), sessions: [] }
    try {
      await does.register('ada')(model, real)
      await does.login('ada', does.PASSWORDS[0])(model, real)
      await fc.asyncModelRun(() => ({ model, real }), commands)
    } finally {
      await real.close()
    }
  })
  const result = await fc.check(property, runs(t, 12, 20_000))
  t.notOk(result.failed, `${result.errorInstance ?? 'they agree'}`, { by: `${result.counterexample}` })
  if (!result.interrupted) t.equal(done.size, 13, 'each kind of step was tried')
  t.comment(JSON.stringify(Object.fromEntries(done)))
})
