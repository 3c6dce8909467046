import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { runtimeProblem } from '../../src/runtime.ts'
import { plainly, postern } from './process.ts'

const run = (command: string[]) => {
  const [file, ...args] = plainly(...command)
  return spawnSync(file, args, { cwd: root, encoding: 'utf8' })
}

const root = join(import.meta.dirname, '..', '..')

t.test('help and version are printed and nothing else is done', async t => {
  const [all, one, version] = await Promise.all([
    postern(t, ['--help']),
    postern(t, ['user', 'create', '-h']),
    postern(t, ['--version'])
  ])
  const names = ['serve', 'migrate', 'user create', 'user list', 'keys list', 'keys rotate', 'doctor', 'openapi']
  for (const name of names) t.match(all.stdout, new RegExp(`^  ${name} +[A-Z]`, 'm'))
  t.match(one.stdout, /^Usage: postern user create \[OPTIONS]\n/)
  for (const option of ['--username NAME', '--email ADDRESS', '--role ROLE', '--json', '-h, --help'])
    t.match(one.stdout, option)
  t.equal(version.stdout, `${JSON.parse(readFileSync(`${root}/package.json`, 'utf8')).version}\n`)
  for (const { code, stderr } of [all, one, version]) t.same([code, stderr], [0, ''])
})

t.test('wrong usage is named, with what would be right, and ends with 2', async t => {
  const cases: Array<[args: string[], message: RegExp]> = [
    [[], /^Postern .*Usage: postern COMMAND/s],
    [
      ['serv'],
      /^postern: there is no command "serv"\. Commands: serve, migrate, migrate-store, user create, .*openapi\n$/
    ],
    [['--port', '1'], /^postern: a command comes first, not --port\. Commands: serve/],
    [
      ['user'],
      /^postern: "user" what\? Commands: user create, user invite, user list, user disable, user enable, user set-role, user set-profile, user import\n$/
    ],
    [
      ['keys', 'remove'],
      /^postern: there is no command "keys remove"\. Commands: keys list, keys rotate, keys revoke\n$/
    ],
    [
      ['user', 'create', '--user', 'ada'],
      /^postern: user create: Unknown option '--user'\. Options: --username, --email, --role, --profile, --json, --help\n$/
    ],
    [['user', 'create', '--username'], /^postern: user create: Option '--username <value>' argument missing\. /],
    [['user', 'create', '--json'], /^postern: user create: --username NAME is needed\n$/],
    [['user', 'list', '--json=yes'], /^postern: user list: Option '--json' does not take an argument\. /],
    [['serve', 'now'], /^postern: serve: Unexpected argument 'now'/]
  ]
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, stdout, stderr } = await postern(t, args)
      t.equal(code, 2, args.join(' '))
      t.equal(stdout, '')
      t.match(stderr, message)
    })
  )
})

const REFUSED = /^postern: Postern needs Node\.js 22\.18 or newer, and this is (20\.19\.0|\d+\.\d+\.\d+)\.\n$/

t.test('an older Node.js is refused with one sentence, before anything is loaded', async t => {
  const preload = `
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } })
    process.on('exit', () => {
      if (process.moduleLoadList.includes('NativeModule internal/util/parse_args/parse_args')) process.exitCode = 70
    })`
  const { code, stdout, stderr } = await postern(t, ['--version'], { preload, bare: true })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, REFUSED)
})

t.test('the oldest Node.js that is good is 22.18', async t => {
  for (const version of ['20.19.0', '22.17.1']) t.match(runtimeProblem(version), `this is ${version}.`)
  for (const version of ['22.18.0', '24.0.0', '26.10.0']) t.equal(runtimeProblem(version), undefined)
})

const older = (process.env.PATH ?? '')
  .split(delimiter)
  .concat('/usr/bin', '/usr/local/bin')
  .map(folder => join(folder, 'node'))
  .find(node => existsSync(node) && runtimeProblem(run([node, '-p', 'process.versions.node']).stdout.trim()))

t.test('the published build refuses a real older Node.js', { skip: !older && 'there is none here' }, async t => {
  const dist = t.testdir({})
  run([process.execPath, 'node_modules/.bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist])
  const { status, stdout, stderr } = run([older as string, `${dist}/src/cli.js`, 'serve'])
  t.same([status, stdout], [1, ''])
  t.match(stderr, REFUSED)
})
