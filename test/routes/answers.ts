import { STATUS_CODES } from 'node:http'
import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import { type ErrorCode, PosternError } from '../../src/errors.ts'

type Answer = LightMyRequestResponse

/** The answer is the problem of the contract, headers too; exactly `fields` are found wrong. */
export function refused(t: Test, answer: Answer, code: ErrorCode, fields: string[] = [], about = '') {
  const { statusCode: status } = new PosternError(code)
  const { detail, errors = {}, ...rest } = answer.json()
  t.same(
    rest,
    { type: 'about:blank', title: STATUS_CODES[status], status, code },
    `${code} ${JSON.stringify(about.slice(0, 40))}`
  )
  t.equal(answer.statusCode, status)
  t.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(/^Bearer\b/.test(`${answer.headers['www-authenticate']}`), status === 401)
  t.same(Object.keys(errors).sort(), fields.toSorted(), 'wrong fields')
  for (const sentence of [detail, ...Object.values(errors).flat()]) t.match(sentence, /^[A-Z].*\.$/)
}

/** The tokens of an answer that must be exactly a pair. */
export function pair(t: Test, answer: Answer): { access: string; refresh: string } {
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(answer.headers['cache-control'], 'no-store')
  const { access, refresh, ...rest } = answer.json()
  t.same(rest, { token_type: 'Bearer', expires_in: 300 })
  return { access, refresh }
}

/** The parts of a JWT, read without a check. */
export function read(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = token.split('.', 2).map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return { header, claims }
}
