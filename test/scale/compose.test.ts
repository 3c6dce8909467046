import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { readEnvironment, resolveConfig } from '../../src/config.ts'
import { environmentName, properties } from '../../src/options.ts'
import { freePort } from '../../tools/free-port.ts'
import { until } from '../cli/process.ts'
import { parseDockerfile, type Stage, textsOf } from '../delivery/dockerfile.ts'
import { asSuperuser } from '../own-database.ts'
import { ownServer, skip as withoutPostgres } from '../postgres/server.ts'
import { noRedis } from '../redis/redis.ts'

const top = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(top, path), 'utf8')

interface Service {
  image: string
  user: string
  entrypoint?: string[]
  environment?: Record<string, string | number>
  volumes?: string[]
  secrets: string[]
  ports?: string[]
  networks: Record<string, { ipv4_address?: string }> | string[]
  depends_on?: Record<string, { condition: string }>
  stop_grace_period?: string
  healthcheck?: object
  [other: string]: unknown
}

const file = parse(read('compose.scale.yaml'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
  secrets: Record<string, { file: string }>
}
const services = Object.entries(file.services)
const instances = services.filter(([name]) => name.startsWith('postern-')).map(([, service]) => service)
const proxy = file.services.proxy as Service
const addressOf = ({ networks }: Service) => (Array.isArray(networks) ? undefined : networks.inside?.ipv4_address)
const nginx = read('examples/scale/nginx.conf')

t.test('every container of compose.scale.yaml is closed up and bounded', async t => {
  for (const [name, service] of services) {
    t.match(
      service,
      { restart: 'unless-stopped', read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
      name
    )
    t.match(service.user, /^[1-9]\d*:[1-9]\d*$/, `${name} is not root`)
    t.match(service.mem_limit, /^\d+[mg]$/)
    t.ok(Number(service.cpus) > 0 && Number(service.pids_limit) > 0)
    if (service.image !== 'postern') t.match(service.image, /^\w+:\d+$/, 'a major version')
    if (service.image !== 'postern') t.ok(service.healthcheck, `${name} says whether it is well`)
    if (name !== 'proxy') t.equal(service.ports, undefined, `${name} is not published`)
  }
  t.equal(instances.length, 3)
})

t.test('what it mounts and refers to is there', async t => {
  for (const [name, { volumes = [], secrets, depends_on = {} }] of services) {
    for (const source of volumes.map(volume => `${volume.split(':')[0]}`))
      t.ok(source.startsWith('./') ? existsSync(join(top, source)) : source in file.volumes, `${name}: ${source}`)
    for (const secret of secrets) t.ok(secret in file.secrets, `${name}: ${secret}`)
    for (const [other, { condition }] of Object.entries(depends_on)) {
      t.ok(other in file.services)
      if (condition === 'service_healthy')
        t.ok(file.services[other]?.healthcheck ?? textsOf(image, 'HEALTHCHECK').length > 0, `${other} can be healthy`)
    }
  }
  const guide = read('docs/scale.md')
  for (const [name, { file: path }] of Object.entries(file.secrets)) {
    t.equal(path, `./secrets/${name}`)
    t.match(guide, name, 'the guide makes it')
  }
})

const image = parseDockerfile(read('Dockerfile')).at(-1) as Stage

t.test('an instance has settings that exist, and that the service starts with', async t => {
  const known = Object.keys(properties).map(environmentName)
  for (const { environment = {}, entrypoint, stop_grace_period = '' } of instances) {
    t.same(
      Object.keys(environment).filter(name => !known.includes(name)),
      []
    )
    const values = Object.entries(environment).map(([name, value]): [string, string] => [
      name,
      String(value)
        .replace(/^\$\{PUBLIC_URL.*/, 'https://auth.example.com')
        .replace(/^\$\{\w+:-\}$/, '')
    ])
    const url = { DATABASE_URL: 'postgres://auth:0@postgres/auth', REDIS_URL: 'redis://:0@redis:6379' }
    const config = resolveConfig(readEnvironment({ ...Object.fromEntries(values), ...url }))
    t.same(config.authTrustProxy, [addressOf(proxy)], 'nginx alone is believed')
    t.ok(Number.parseInt(stop_grace_period, 10) > 10)
    t.same(entrypoint, ['sh', '/start.sh'])
    const connections = (instances.length + 1) * (config.databasePool + 1)
    const [, most] = /max_connections=(\d+)/.exec(String(file.services.postgres?.command)) ?? []
    t.ok(connections <= Number(most) - 3, 'an update fits into max_connections')
  }
  const asked = [...nginx.matchAll(/^\s+server ([\d.]+):8000 /gm)].map(([, address]) => address)
  t.same(asked, instances.map(addressOf), 'nginx asks these three')
  t.same(proxy.ports, ['80:8080', '443:8443'])
  t.same(
    [...nginx.matchAll(/listen (\d+)/g)].map(([, port]) => port),
    ['8080', '8443']
  )
})

/** A script of the file, with the secrets of a test. */
function script(t: Test, name: string, secrets: Record<string, string>): string {
  const folder = t.testdir(secrets)
  writeFileSync(join(folder, name), read(`examples/scale/${name}`).replaceAll(/\/run\/secrets|\/tmp/g, folder))
  return join(folder, name)
}

t.test('start.sh gives a command of Postern the URLs with the passwords, and becomes it', async t => {
  const path = script(t, 'start.sh', { 'database-password': 'abc\n', 'redis-password': 'def\n' })
  const folder = t.testdirName
  writeFileSync(join(folder, 'node'), '#!/bin/sh\necho "$DATABASE_URL $REDIS_URL $PPID $@"\n', { mode: 0o755 })
  const { stdout } = spawnSync('sh', [path, 'serve', '--x'], {
    env: { PATH: `${folder}:/usr/bin:/bin` },
    encoding: 'utf8'
  })
  const [, flag, ...command] = JSON.parse(textsOf(image, 'ENTRYPOINT').join())
  t.equal(
    stdout,
    `postgres://auth:abc@postgres/auth redis://:def@redis:6379 ${process.pid} ${[flag, ...command].join(' ')} serve --x\n`
  )
})

t.test('role.sh makes a role that owns its database and has no further rights', { skip: withoutPostgres }, async t => {
  const server = await ownServer(t)
  const path = script(t, 'role.sh', { 'database-password': "it's\n" })
  await asSuperuser(server.url, client => client.query('CREATE ROLE postgres SUPERUSER LOGIN'))
  const env = { PATH: process.env.PATH, PGHOST: '127.0.0.1', PGPORT: `${server.port}` }
  const { status, stderr } = spawnSync('sh', [path], { env, encoding: 'utf8' })
  t.equal(status, 0, stderr)
  const found = await asSuperuser(server.url, async client => {
    const { rows } = await client.query(
      `SELECT datname, rolsuper, rolcreatedb, rolcreaterole FROM pg_database JOIN pg_roles ON datdba = pg_roles.oid WHERE rolname = 'auth'`
    )
    return rows
  })
  t.same(found, [{ datname: 'auth', rolsuper: false, rolcreatedb: false, rolcreaterole: false }])
})

t.test('redis.sh starts a Redis that asks for the password and drops nothing', { skip: noRedis }, async t => {
  const path = script(t, 'redis.sh', { 'redis-password': 'def\n' })
  const port = await freePort()
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace('redis.conf --save', `redis.conf --bind 127.0.0.1 --port ${port} --save`)
  )
  const child = spawn('sh', [path], { stdio: 'ignore' })
  t.teardown(() => child.kill('SIGKILL'))
  const redis = new Redis({ port, password: 'def', retryStrategy: () => 50 })
  t.teardown(() => redis.disconnect())
  redis.on('error', () => {})
  t.equal(await redis.ping(), 'PONG')
  t.same(await redis.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'noeviction'])
  const stranger = new Redis({ port, retryStrategy: null })
  t.teardown(() => stranger.disconnect())
  stranger.on('error', () => {})
  await t.rejects(stranger.set('a', 'b'), { message: /NOAUTH/ })
  child.kill('SIGTERM')
  await until(() => child.exitCode !== null)
  t.equal(child.exitCode, 0, 'SIGTERM reaches it')
})
