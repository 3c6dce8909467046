import * as fc from 'fast-check'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import type { Options } from '../src/config.ts'
import { documentOf, operationsOf } from './document.ts'
import { faults } from './fuzz/judge.ts'
import { requestsTo } from './fuzz/requests.ts'
import { runs } from './fuzz/runs.ts'
import { world } from './fuzz/world.ts'

const profile = Type.Object(
  {
    nickname: Type.Optional(Type.String({ maxLength: 20, pattern: '^[a-z]*$' })),
    age: Type.Optional(Type.Integer({ minimum: 0, maximum: 150 })),
    newsletter: Type.Optional(Type.Boolean()),
    languages: Type.Optional(Type.Array(Type.String({ maxLength: 8 }), { maxItems: 5 })),
    place: Type.Optional(Type.Object({ city: Type.String() }, { additionalProperties: false })),
    tenant: Type.Optional(Type.String({ readOnly: true }))
  },
  { additionalProperties: false }
)

/** Sends requests to every operation; gives how often each status was answered. */
async function fuzz(t: Test, options: Options, each: number, milliseconds: number) {
  const { app, fill } = await world(t, options, { profile })
  const document = await documentOf(app)
  const settings = runs(t, each, milliseconds)
  const statuses = new Map<number, number>()
  let isWhole = true
  for (const operation of operationsOf(document)) {
    const { operationId, method, path } = operation
    const property = fc.asyncProperty(requestsTo(document, operation), async draft => {
      const answer = await app.inject(await fill(draft, operationId))
      statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
      const found = faults(document, operation, answer, draft.method === 'HEAD')
      if (found.length > 0) throw new Error(`${found.join('; ')} (${answer.statusCode} ${answer.body.slice(0, 300)})`)
    })
    const result = await fc.check(property, settings)
    if (result.interrupted) isWhole = false
    t.notOk(result.failed, `${method} ${path}`, {
      found: `${result.errorInstance}`,
      by: JSON.stringify(result.counterexample)
    })
  }
  t.same(Object.keys(Object.prototype), [])
  t.comment(JSON.stringify(Object.fromEntries(statuses)))
  return { statuses, isWhole }
}

t.test('whatever is sent to an operation, the answer is one that the document describes', async t => {
  const { statuses, isWhole } = await fuzz(t, {}, 36, 5_000)
  // Were all requests refused at the door, nothing would have been tried.
  for (const status of isWhole ? [200, 202, 204, 304, 400, 401, 403, 404, 415] : [200, 400])
    t.ok(statuses.has(status), `${status}`)
})

t.test('also where addresses must be proven, and registration is by invitation', async t => {
  await fuzz(t, { authEmailVerification: 'required', authRegistration: 'invite' }, 10, 2_000)
})
