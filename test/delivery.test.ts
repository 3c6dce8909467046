import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { readEnvironment, resolveConfig } from '../src/config.ts'
import { healthy, type Run, start } from './delivery/container.ts'
import { commandOf, ignores, pairsOf, parseDockerfile, type Stage, textsOf } from './delivery/dockerfile.ts'
import { buildContext, buildImage } from './delivery/image.ts'
import { installed, installFrom, installFromRegistry, link, productionPackages } from './delivery/packages.ts'

const checkout = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(checkout, path), 'utf8')
const manifest = JSON.parse(read('package.json'))
const stages = parseDockerfile(read('Dockerfile'))
const image = stages.at(-1) as Stage
const isIgnored = ignores(read('.dockerignore'))

t.test('the image runs the Node.js that the project is developed with', async t => {
  const [major, minor] = JSON.parse(read('tools/node/package.json')).version.split('.')
  const bases = stages.map(({ from }) => from).filter(from => !stages.some(({ name }) => name === from))
  t.same([...new Set(bases)], [`node:${major}.${minor}-bookworm-slim`])
  t.match(process.versions.node, `${major}.${minor}.`)
})

t.test('the image says what it is', async t => {
  t.match(pairsOf(image, 'LABEL'), {
    'org.opencontainers.image.title': 'Postern',
    'org.opencontainers.image.version': manifest.version,
    'org.opencontainers.image.licenses': manifest.license
  })
})

t.test('the build is given no data, no secret, no history and nothing that was installed', async t => {
  const out = ['.git/config', '.env', 'src/.env.local', 'data/secret', 'data/postern.db', 'src/postern.db-wal']
  const more = ['node_modules/tap/package.json', 'tools/node/node_modules/x.js', 'dist/src/cli.js', 'routes/tls.key']
  t.same(
    [...out, ...more, 'test/helper.ts', 'cert.pem'].filter(path => !isIgnored(path)),
    []
  )
  const given = buildContext(checkout, isIgnored)
  t.ok(given.includes('.npmrc') && given.includes('src/cli.ts'))
  const tops = new Set(given.map(path => path.split('/')[0]))
  const copied = stages.flatMap(stage => textsOf(stage, 'COPY')).join(' ')
  t.same(
    [...tops].filter(top => !copied.includes(String(top))),
    [],
    'nothing is given that is not copied'
  )
})

t.test('the image holds production packages only, and serves as its own user', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-image-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const run = build(folder)
  const modules = join(run.root, 'app/node_modules')
  const allowed = productionPackages(checkout).map(({ path }) => path.slice('node_modules/'.length))
  t.same(
    installed(modules).filter(name => !allowed.includes(name)),
    []
  )
  t.same(
    Object.keys(manifest.dependencies).filter(name => !existsSync(join(modules, name))),
    []
  )
  t.same(readdirSync(join(run.root, 'app')).sort(), [
    'LICENSE',
    'dist',
    'migrations',
    'node_modules',
    'package.json',
    'src'
  ])

  const first = await start(t, run)
  t.equal(await first.check(), 1, 'the health check fails while nothing listens')
  await healthy(first)
  const user = { username: 'ada', email: 'ada@example.com', password: 'correct horse' }
  t.equal((await post(`${first.url}/api/register/`, user)).status, 201)
  const { email: _, ...credentials } = user
  t.equal(await walk(first.url, credentials), 'Hello, ada.')
  t.match(await (await fetch(`${first.url}/docs/`)).text(), /swagger-ui/)
  t.equal(await first.stop(), 0, 'SIGTERM ends it as it should')

  const data = join(run.root, 'data')
  t.same(readdirSync(data).sort(), ['outbox', 'postern.db', 'secret'], 'without a mail server, mails are here too')
  for (const path of ['', 'outbox', 'postern.db', 'secret']) {
    const { mode, uid } = statSync(join(data, path))
    t.equal(mode & 0o077, 0, `/data/${path} is closed to others`)
    t.equal(uid, run.uid)
  }

  const second = await start(t, run)
  await healthy(second)
  t.equal(await walk(second.url, credentials), 'Hello, ada.', 'the volume is all that another container needs')
  t.equal(await second.stop(), 0, second.log())
})

/** Builds the image in a folder as its Dockerfile says; in CI with packages from the registry. */
function build(folder: string): Run {
  process.umask(0o022)
  execFileSync('chmod', ['755', folder])
  const [uid, gid] = process.getuid?.() === 0 ? [1000, 1000] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const install = process.env.CI === 'true' ? installFromRegistry(checkout) : installFrom(checkout)
  const files = buildContext(checkout, isIgnored)
  const root = buildImage(stages, { context: checkout, files, folder, user: `${uid}:${gid}`, install })
  const node = join(root, 'usr/local/bin/node')
  mkdirSync(dirname(node), { recursive: true })
  if (!link(process.execPath, node)) cpSync(process.execPath, node)
  const healthcheck = commandOf(image, 'HEALTHCHECK')
  const command = [...commandOf(image, 'ENTRYPOINT'), ...commandOf(image, 'CMD')]
  return { root, env: pairsOf(image, 'ENV'), command, healthcheck, uid, gid }
}

const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

/** Logs in and calls what is protected; gives its message. */
async function walk(url: string, credentials: object): Promise<string> {
  const { access } = (await (await post(`${url}/api/login/`, credentials)).json()) as { access: string }
  const answer = await fetch(`${url}/api/protected/`, { headers: { authorization: `Bearer ${access}` } })
  return ((await answer.json()) as { message: string }).message
}

interface Service {
  build: string
  ports: string[]
  volumes: string[]
  environment: Record<string, string>
  stop_grace_period: string
}

t.test('compose.yaml runs the image closed up, on the volume and the port of the Dockerfile', async t => {
  const { services, volumes } = parse(read('compose.yaml')) as {
    services: Record<string, Service>
    volumes: Record<string, unknown>
  }
  const { postern } = services as { postern: Service }
  t.same(Object.keys(services), ['postern'])
  t.ok(existsSync(join(checkout, postern.build, 'Dockerfile')))
  t.same(
    postern.volumes.map(volume => volume.split(':')),
    [[Object.keys(volumes)[0], textsOf(image, 'VOLUME')[0]]]
  )
  t.same(
    postern.ports.map(port => port.split(':')),
    [['127.0.0.1', '8000', textsOf(image, 'EXPOSE')[0]]]
  )
  t.match(postern, {
    restart: 'unless-stopped',
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true']
  })
  t.ok(Number.parseInt(postern.stop_grace_period, 10) > 10, 'longer than requests in flight may take')
  const environment = Object.entries(postern.environment).map(([name, value]) => [name, value.replace(/^.*:-|}$/g, '')])
  const config = resolveConfig(readEnvironment({ ...pairsOf(image, 'ENV'), ...Object.fromEntries(environment) }))
  t.match(config, { host: '0.0.0.0', port: 8000, publicUrl: 'http://localhost:8000', dataDir: '/data' })
})

t.test('the workflow runs .ci/run with no more rights than it needs', async t => {
  const { permissions, jobs } = parse(read('.github/workflows/ci.yml')) as {
    permissions: Record<string, string>
    jobs: Record<string, { steps: Array<{ uses?: string; run?: string }> }>
  }
  t.same(permissions, { contents: 'read' })
  const steps = Object.values(jobs).flatMap(job => job.steps)
  t.same(
    steps.flatMap(({ run = [] }) => run),
    ['bash .ci/run']
  )
  for (const { uses } of steps) if (uses) t.match(uses, /^[\w-]+\/[\w-]+@v\d+$/)
})

t.test('.ci/run can be run, and runs scripts that exist', async t => {
  t.ok(statSync(join(checkout, '.ci/run')).mode & 0o100)
  execFileSync('bash', ['-n', '.ci/run'], { cwd: checkout })
  const scripts = [...read('.ci/run').matchAll(/npm (?:run )?(\w+)/g)].map(([, name]) => name)
  t.same(
    scripts.filter(name => name !== 'ci' && !(String(name) in manifest.scripts)),
    []
  )
  t.ok(['ci', 'start', 'lint', 'typecheck', 'build', 'test', 'bench'].every(name => scripts.includes(name)))
})
