import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { build } from '../helper.ts'
import { registered } from './oauth-client.ts'

const documented = 'http://127.0.0.1:8000'

t.test('the commands of docs/oauth.md give the answers that stand below them', async t => {
  const text = await readFile(join(import.meta.dirname, '../../docs/oauth.md'), 'utf8')
  const blocks = (language: string) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code)
  const app = await build(t, { publicUrl: documented })
  const address = await app.listen({ port: 0 })
  const { id, secret } = await registered(app, ['invoices:read', 'invoices:write'])
  const script = blocks('sh').join('printf "\\n"\n').replaceAll(documented, address)
  const env = { PATH: process.env.PATH, ID: id, SECRET: secret }
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: t.testdir(), env })
  const answers = stdout.split('\n').filter(Boolean)
  const expected = blocks('json')
  t.equal(expected.length, 4)
  t.same(
    answers.map(answer => shape(JSON.parse(answer))),
    expected.map(answer => shape(JSON.parse(answer)))
  )
})

/** An answer without what differs from run to run. */
const shape = (answer: Record<string, unknown>) =>
  Object.entries(answer).map(([name, value]) => [
    name,
    ['access_token', 'sub', 'client_id', 'jti', 'exp', 'iat'].includes(name) ? typeof value : value
  ])
