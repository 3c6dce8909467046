import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { environmentName, properties } from '../../src/options.ts'
import { client } from '../helper.ts'
import { oauthClient, registered } from '../routes/oauth-client.ts'
import { listening } from '../verify/postern.ts'

const PYTHON = '/usr/bin/python3'
const noPython = spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status !== 0
const required = process.env.POSTERN_REQUIRE_PYTHON === '1'

const guide = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')
const blocks = (name: string, language: string): string[] =>
  [...guide(name).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code)

/** Answers a token in each line with its username, or the class of what was raised. */
const ASK = `
import sys
from postern_tokens import caller

for line in sys.stdin:
    try:
        claims = caller(line.strip())
        print(claims.get("username", "machine"), flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
`

t.test(
  'the guide for Python is a module that does what it says',
  { skip: noPython && !required && 'no python3-jwt' },
  async t => {
    const postern = await listening(t, { authStatusListTtl: '1s' })
    // Python reads the clock of the system.
    postern.clock.advance(Date.now() - postern.clock.now())
    const folder = t.testdir()
    const [code = ''] = blocks('python.md', 'python')
    writeFileSync(join(folder, 'postern_tokens.py'), code.replace('http://127.0.0.1:8000', postern.url))
    writeFileSync(join(folder, 'ask.py'), ASK)
    const child = spawn(PYTHON, ['ask.py'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => child.kill())
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
    const ask = async (token: string) => {
      child.stdin.write(`${token}\n`)
      return String((await answers.next()).value)
    }

    const { login, logout } = client(postern.app)
    const [ada, other] = [await login(), await login()]
    t.equal(await ask(ada.access), 'ada')
    t.equal(await ask(other.access), 'ada')
    t.match(await ask(ada.refresh), /Error/)
    t.match(await ask(`${ada.access.slice(0, -4)}AAAA`), /Error/)
    t.equal(await ask(await oauthClient(postern.app, await registered(postern.app)).machine()), 'machine')
    await logout(ada.refresh)
    let seen = ''
    for (let tries = 0; seen !== 'InvalidTokenError' && tries < 40; tries++) {
      seen = await ask(ada.access)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    t.equal(seen, 'InvalidTokenError', 'a logout reaches it')
    t.equal(await ask(other.access), 'ada', 'and nobody else')
  }
)

t.test('the manifest for Kubernetes is YAML, with settings and probes that exist', async t => {
  const [yaml = ''] = blocks('kubernetes.md', 'yaml')
  const documents = parseAllDocuments(yaml)
  t.same(
    documents.flatMap(document => ('errors' in document ? document.errors : [])),
    []
  )
  const [deployment] = documents.map(document => document.toJS())
  const { containers } = deployment.spec.template.spec
  const postern = containers.find(({ name }: { name: string }) => name === 'postern')
  const known = Object.keys(properties).map(environmentName)
  for (const { name } of postern.env) t.ok(known.includes(name), name)
  const { app } = await listening(t)
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
    t.equal((await app.inject(postern[probe].httpGet.path)).statusCode, 200)
})
