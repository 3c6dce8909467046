import { type ExecFileException, execFile, spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { plainly, start } from './package/application.ts'

const checkout = join(import.meta.dirname, '..')
const installed = join(checkout, 'node_modules')
// Outside the checkout, whose node_modules and package.json would help out where the package lacks something.
const temporary = mkdtempSync(join(tmpdir(), 'postern-package-'))
t.teardown(() => rmSync(temporary, { recursive: true }))
const repository = join(temporary, 'repository')
const host = join(temporary, 'host')
const packed = join(host, 'node_modules/postern')

const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const run = (command: string[], cwd: string) =>
  promisify(execFile)(...plainly(...command), { cwd }).catch((error: ExecFileException) => {
    throw new Error(`${error.message}\n${error.stdout}`)
  })

function link(name: string, folder: string, target = join(installed, name)): void {
  const place = join(folder, 'node_modules', name)
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(target, place)
}

t.before(async () => {
  const left = ['node_modules', 'dist', 'data', '.git', '.tap']
  cpSync(checkout, repository, { recursive: true, filter: path => !left.includes(basename(path)) })
  symlinkSync(installed, join(repository, 'node_modules'))
  await run(['npm', 'run', 'build'], repository)
  await run(['npm', 'pack', '--pack-destination', temporary], repository)
  const [tarball = ''] = globSync('*.tgz', { cwd: temporary })
  mkdirSync(packed, { recursive: true })
  await run(['tar', '-xzf', tarball, '--strip-components=1', '-C', packed], temporary)
  for (const name of [...Object.keys(manifest(packed).dependencies), '@types/node']) link(name, host)
  writeFileSync(join(host, 'package.json'), '{"type": "module"}')
})

t.test(
  'the package holds the build, the migrations, the mails, the pages and its papers, and nothing else',
  async t => {
    const files = globSync('**', { cwd: packed, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => relative(packed, join(entry.parentPath, entry.name)))
    const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']
    t.same(files.filter(file => !file.includes('/')).sort(), papers)
    const rest = files.filter(file => file.includes('/'))
    t.same(
      rest.filter(
        file =>
          !/^(dist\/(src|plugins|routes)\/.*\.(js|d\.ts)|docs\/.*\.md|migrations\/.*\.(sql|json)|src\/mail\/templates\/.*\.mustache|src\/pages\/files\/.*)$/.test(
            file
          )
      ),
      []
    )
    const sources = globSync('{src,plugins,routes}/**/*.ts', { cwd: repository })
    const built = sources.flatMap(file => [
      join('dist', file.replace(/ts$/, 'js')),
      join('dist', file.replace(/ts$/, 'd.ts'))
    ])
    t.same(rest.filter(file => file.startsWith('dist')).sort(), built.sort())
    t.same(
      rest.filter(file => file.startsWith('migrations')).sort(),
      globSync('migrations/**/*.*', { cwd: repository }).sort()
    )
    t.same(
      rest.filter(file => file.startsWith('src')).sort(),
      globSync(['src/mail/templates/*.mustache', 'src/pages/files/*.*'], { cwd: repository }).sort()
    )
  }
)

t.test('the command line of the package runs', async t => {
  const { stdout } = await run([process.execPath, join(packed, manifest(packed).bin.postern), '--version'], host)
  t.equal(stdout, `${manifest(packed).version}\n`)
})

const typedHost = `
import { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import postern, { buildServer, PosternError, StartError } from 'postern'
import type { AccessClaims, ErrorCode, Guard, Options, PosternOptions } from 'postern'
import { createVerifier, type Verifier } from 'postern/verify'

const app = Fastify().withTypeProvider<TypeBoxTypeProvider>()
const options: PosternOptions = { prefix: '/auth', publicUrl: 'http://app.test/auth', authAccessTtl: '5m' }
await app.register(postern, options)
app.get('/me', { onRequest: app.auth.requireUser }, async request => app.auth.claims(request).username)
app.get('/admin', { preHandler: [app.auth.requireRole('admin')] }, async () => 'hello')
const guard: Guard = app.auth
const claims: AccessClaims = await guard.verify('token')
const roles: readonly string[] = claims.roles
const settings: Options = { databaseUrl: 'sqlite::memory:', authDocs: 'off' }
await (await buildServer(settings)).listen()
const code: ErrorCode = new PosternError('not_found').code
const problem: Error = new StartError('problem')
const all: unknown[] = [roles, code, problem]
const verifier: Verifier = createVerifier({ issuer: 'https://auth.example.com', whenStale: 'accept' })
app.get('/elsewhere', { onRequest: verifier.guard.requireUser }, async request => verifier.guard.claims(request).sub)
all.push(verifier.connect({ role: 'admin' }), verifier.fetch((_request, { roles }) => Response.json(roles)))
// @ts-expect-error a verifier needs an issuer
createVerifier({})

// @ts-expect-error a setting has a type
app.register(postern, { authAccessTtl: 5 })
// @ts-expect-error a setting has a name
app.register(postern, { authAccesTtl: '5m' })
${['core', 'guard', 'database', 'createJwt', 'jwt', 'helmet', 'rateLimit', 'swagger', 'swaggerUi']
  .map(name => `// @ts-expect-error not for hosts\nall.push(app.${name})`)
  .join('\n')}
app.get('/', { schema: {} }, async (request, reply) => {
  ${['request.user', 'request.jwtVerify', 'request.auth', 'reply.jwtSign', 'reply.helmet']
    .map(name => `// @ts-expect-error not for hosts\n  all.push(${name})`)
    .join('\n  ')}
})
`

/** The code of a guide, as one program. */
const programOf = (guide: string) =>
  [...readFileSync(guide, 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code).join('\n')

t.test('hosts type-check: one sees the decorator auth and no other type of ours, one is the guide', async () => {
  const program = programOf(join(repository, 'docs/embedding.md'))
  writeFileSync(join(host, 'host.ts'), typedHost)
  writeFileSync(join(host, 'guide.js'), program)
  const compilerOptions = {
    ...{ target: 'es2024', module: 'nodenext', types: ['node'], strict: true, skipLibCheck: false },
    ...{ noEmit: true, allowJs: true, checkJs: true }
  }
  writeFileSync(join(host, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['host.ts', 'guide.js'] }))
  await run([process.execPath, join(installed, 'typescript/bin/tsc'), '-p', host], host)
})

async function tryExample(t: Test, folder: string) {
  const { ask, login, register, end } = await start(t, 'server.js', folder)
  t.equal((await ask('/')).status, 200)
  t.equal((await register('ada')).status, 201)
  const access = await login('ada')
  t.match(await ask('/me', { access }), { status: 200, answer: { username: 'ada', roles: [] } })
  t.match(await ask('/me'), { status: 401, answer: { code: 'not_authenticated' } })
  t.match(await ask('/admin', { access }), { status: 403, answer: { code: 'permission_denied' } })

  const cli = join(folder, 'node_modules/postern/dist/src/cli.js')
  const create = plainly(process.execPath, cli, 'user', 'create', '--username', 'root', '--role', 'admin')
  const env = { ...process.env, DATABASE_URL: 'sqlite:./data/auth.db' }
  t.equal(spawnSync(...create, { cwd: folder, env, input: 'correct horse\n' }).status, 0)
  t.match(await ask('/admin', { access: await login('root') }), { status: 200, answer: { message: /root/ } })

  t.match((await ask('/auth/docs')).answer, 'id="swagger-ui"')
  t.equal((await ask('/auth/docs/static/swagger-ui-bundle.js')).status, 200)
  t.ok((await ask('/auth/docs/json')).answer.paths)
  t.equal(await end(), 0)
}

t.test('the example runs in the repository, once that is built', async t => {
  const folder = join(repository, 'examples/embedded')
  t.equal(manifest(folder).dependencies.postern, 'file:../..')
  link('postern', folder, repository)
  await tryExample(t, folder)
})

t.test('the example runs elsewhere, with the package', async t => {
  cpSync(join(repository, 'examples/embedded/server.js'), join(host, 'server.js'))
  await tryExample(t, host)
})

t.test('a service elsewhere checks tokens with what the package has for it', async t => {
  cpSync(join(repository, 'examples/service/server.js'), join(host, 'service.js'))
  const issuer = await start(t, 'server.js', host)
  const env = { AUTH_ISSUER: `http://127.0.0.1:${issuer.port}/auth` }
  const { ask, end } = await start(t, 'service.js', host, env)
  await issuer.register('hedy')
  const access = await issuer.login('hedy')
  t.match(await ask('/me', { access }), { status: 200, answer: { username: 'hedy', roles: [] } })
  t.match(await ask('/me'), { status: 401, answer: { code: 'not_authenticated' } })
  t.match(await ask('/me', { access: `${access}x` }), { status: 401, answer: { code: 'token_not_valid' } })
  t.match(await ask('/admin', { access }), { status: 403, answer: { code: 'permission_denied' } })
  t.equal(await end(), 0)
  t.equal(await issuer.end(), 0)
})

t.test('the guide is a program that does what it says', async t => {
  const { ask, login, register, end } = await start(t, 'guide.js', host)
  await register('ada')
  const access = await login('ada')
  t.match(await ask('/me', { access }), { status: 200, answer: { username: 'ada', email: 'ada@example.com' } })
  for (const path of ['/me', '/orders'])
    t.same(await ask(path), { status: 401, answer: { error: 'not_authenticated' } })
  t.equal((await ask('/orders', { access })).status, 200)
  t.same(await ask('/admin', { access }), { status: 403, answer: { error: 'permission_denied' } })
  t.same(await ask('/jobs', { body: { token: access } }), { status: 200, answer: { queuedFor: 'ada' } })
  t.same(await ask('/jobs', { body: { token: 'x' } }), { status: 401, answer: { error: 'token_not_valid' } })
  await register('grace', '/staff/auth')
  const grace = await login('grace', '/staff/auth')
  t.same(await ask('/staff/me', { access: grace }), { status: 200, answer: 'grace' })
  t.equal((await ask('/customers/me', { access: grace })).status, 401)
  t.equal(await end(), 0)
})
