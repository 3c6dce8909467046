import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { NOBODY } from './nobody.ts'

/** The superuser of every server that is started here; it needs no password. */
const SUPERUSER = 'postern'
const PATIENCE_MS = 15_000

/** How a server stops: `fast` ends connections, `immediate` is a crash. */
export type StopMode = 'smart' | 'fast' | 'immediate'

/** A Postgres server of this process's own. */
export interface PostgresServer {
  /** Of the database `postgres`, as the superuser. */
  readonly url: string
  readonly port: number
  /** Where its data is. */
  readonly folder: string
  /** Of the server's first process. */
  pid(): number | undefined
  start(): Promise<void>
  stop(mode?: StopMode): Promise<void>
  /** Runs one of its programs, such as pg_basebackup, as the server's user; gives what it prints. Throws what it complains about. */
  run(program: string, ...options: string[]): string
  /** Stops it and removes its data. */
  remove(): Promise<void>
}

/** The folder with the programs of the newest server that is installed; undefined where there is none. */
export function postgresPrograms(): string | undefined {
  const debian = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  const folders = [...debian, ...(process.env.PATH ?? '').split(delimiter)]
  return folders.find(folder => globSync(join(folder, 'initdb')).length > 0)
}

/** In front of a command: it gets SIGQUIT when this process ends, however that ends. Only Linux has that. */
const SETPRIV = '/usr/bin/setpriv'
const withUs = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'QUIT'] : []

// Postgres refuses to be root.
const asServer = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/**
 * Starts a server on a free port of this machine, with data of its own. `settings` are lines of its configuration, such
 * as `fsync=off`. `from` fills the folder instead of initdb. Throws when no server is installed.
 */
export async function startPostgres(
  settings: readonly string[] = [],
  from?: (folder: string) => void
): Promise<PostgresServer> {
  const programs = postgresPrograms()
  if (!programs) throw new Error('there is no Postgres server: install the package postgresql')
  const top = mkdtempSync(join(tmpdir(), 'postern-postgres-'))
  const folder = join(top, 'data')
  mkdirSync(folder, { mode: 0o700 })
  for (const made of [top, folder]) if (asServer.uid !== undefined) chownSync(made, asServer.uid, asServer.gid)
  const port = await freePort()
  let child: ChildProcess | undefined

  function run(program: string, ...options: string[]): string {
    const env = {
      PATH: process.env.PATH,
      LC_ALL: 'C.UTF-8',
      PGUSER: SUPERUSER,
      PGHOST: '127.0.0.1',
      PGPORT: String(port)
    }
    const { status, stdout, stderr, error } = spawnSync(join(programs as string, program), options, {
      ...asServer,
      cwd: top,
      env,
      encoding: 'utf8'
    })
    if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`)
    return stdout
  }

  if (from) from(folder)
  else run('initdb', '-D', folder, '-A', 'trust', '-U', SUPERUSER, '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync')

  async function start(): Promise<void> {
    const lines = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${top}`, ...settings]
    const server = [join(programs as string, 'postgres'), '-D', folder, ...lines.flatMap(line => ['-c', line])]
    const [file, ...args] = [...withUs, ...server] as [string, ...string[]]
    const own = spawn(file, args, { ...asServer, cwd: top, stdio: 'ignore' })
    child = own
    const giveUpAt = performance.now() + PATIENCE_MS
    while (!isReady()) {
      if (own.exitCode !== null || performance.now() > giveUpAt) throw new Error('the Postgres server does not start')
      await sleep(50)
    }
  }

  function isReady(): boolean {
    const options = ['-q', '-h', '127.0.0.1', '-p', String(port)]
    return spawnSync(join(programs as string, 'pg_isready'), options).status === 0
  }

  async function stop(mode: StopMode = 'fast'): Promise<void> {
    const own = child
    if (!own || own.exitCode !== null || own.signalCode !== null) return
    const ended = once(own, 'exit')
    own.kill(({ smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const)[mode])
    await ended
  }

  const orphan = () => void child?.kill('SIGQUIT')
  process.once('exit', orphan)
  await start()

  return {
    url: `postgres://${SUPERUSER}@127.0.0.1:${port}/postgres`,
    port,
    folder,
    pid: () => child?.pid,
    start,
    stop,
    run,
    async remove() {
      await stop('immediate')
      process.off('exit', orphan)
      rmSync(top, { recursive: true, force: true })
    }
  }
}
