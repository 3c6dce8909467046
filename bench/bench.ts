import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { register } from './accounts.ts'
import { type Server, startServer } from './processes.ts'
import { settingsOf } from './settings.ts'

/** How long and how often is measured. */
export interface Plan {
  quick: boolean
  rounds: number
  /** Seconds of one measurement, after `lead` seconds that do not count. */
  seconds: number
  lead: number
  users: number
  connections: number
  /** Rows in the file of the row about a full one. */
  fullStore: number
}

export const fullPlan: Plan = {
  quick: false,
  rounds: 5,
  seconds: 3,
  lead: 0.5,
  users: 100,
  connections: 100,
  fullStore: 100_000
}

export const quickPlan: Plan = {
  quick: true,
  rounds: 1,
  seconds: 0.3,
  lead: 0.1,
  users: 20,
  connections: 20,
  fullStore: 1_000
}

/** What the rows share. */
export interface Bench {
  readonly plan: Plan
  /** The Postern that takes all loads, with `plan.users` users; started on first use. */
  postern(): Promise<Server>
  /** A plain Fastify, with GET and POST /bare. */
  bare(): Promise<Server>
  /** A socket server that answers the same bytes to everything. */
  canned(): Promise<Server>
  /** The id and secret of a client of the Postern that takes all loads. */
  client(): Promise<{ id: string; secret: string }>
  /** Another Postern, on the data of a folder, with more settings. */
  startPostern(folder: string, settings?: Record<string, string>): Promise<Server>
  /** A new, empty folder on the disk that is measured. */
  folder(): Promise<string>
  close(): Promise<void>
}

/** Not the system's folder for temporary files: that is in memory on many machines, where an fsync costs nothing. */
const cache = fileURLToPath(new URL('../node_modules/.cache/bench/', import.meta.url))
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

export function createBench(plan: Plan): Bench {
  const servers: Server[] = []
  const folders: string[] = []
  const started = new Map<string, Promise<Server>>()

  const once = (name: string, start: () => Promise<Server>) => () => {
    const server = started.get(name) ?? start()
    started.set(name, server)
    return server
  }

  async function start(...how: Parameters<typeof startServer>): Promise<Server> {
    const server = await startServer(...how)
    servers.push(server)
    return server
  }

  async function folder(): Promise<string> {
    await mkdir(cache, { recursive: true })
    const made = await mkdtemp(cache)
    folders.push(made)
    return made
  }

  // As `npm start` does, with whatever it hands to Node.js; exec keeps the process id.
  const startPostern = (at: string, settings: Record<string, string> = {}) =>
    start({
      command: ['sh', '-c', `exec ${scripts.start.replace(/^exec /, '')}`],
      ready: '/health/ready',
      environment: { ...settingsOf(at), ...settings }
    })

  const side = (name: string) =>
    once(name, () => start({ command: [process.execPath, `bench/servers/${name}.ts`], ready: '/bare' }))

  let home = ''
  const postern = once('postern', async () => {
    home = await folder()
    const server = await startPostern(home)
    await register(server.port, plan.users)
    return server
  })

  return {
    plan,
    postern,
    async client() {
      await postern()
      const env = { PATH: process.env.PATH, ...settingsOf(home) }
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['src/cli.ts', 'client', 'create', 'bench', '--json'],
        {
          env
        }
      )
      const { client_id: id, client_secret: secret } = JSON.parse(stdout)
      return { id, secret }
    },
    bare: side('bare'),
    canned: side('canned'),
    startPostern,
    folder,
    async close() {
      await Promise.all(servers.map(server => server.stop()))
      await Promise.all(folders.map(made => rm(made, { recursive: true, force: true })))
    }
  }
}
