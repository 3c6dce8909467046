import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

/** How the reference server signs tokens and hashes passwords. */
export interface DjangoOptions {
  /** SIGNING_KEY; for an asymmetric algorithm the private key as PEM. */
  signingKey?: string
  /** VERIFYING_KEY: the public key as PEM. */
  verifyingKey?: string
  algorithm?: string
  /** The class that hashes new passwords. Default: Django's own, with a cost that is felt. */
  hasher?: 'PBKDF2PasswordHasher' | 'MD5PasswordHasher' | 'Argon2PasswordHasher'
  /** What all hashers cost; `low` keeps a test with many users fast. Default: what Django takes. */
  cost?: 'full' | 'low'
}

/** A Django service with SimpleJWT: the four paths of /api/token/, and /api/protected/. */
export interface Django {
  url: string
  /** Where the database stands, and what a test may put beside it. */
  folder: string
  /** The SQLite file. */
  database: string
  /** Runs a command of manage.py over the same database; gives what it prints. Rejects when it fails. */
  manage(args: string[], stdin?: string): Promise<string>
  /** Creates users and gives their ids; see the help of the command create_users. */
  createUsers(users: DjangoUser[]): Promise<number[]>
  /** Ends the server; its database stays until the test ends. */
  stop(): Promise<void>
}

/** A row of auth_user to be; of `password` and `encoded` one is given. */
export interface DjangoUser {
  username: string
  /** Null makes an unusable password. */
  password?: string | null
  /** Django's short name, such as `pbkdf2_sha256`, `argon2`, `bcrypt_sha256` or `md5`, or a class by its path. */
  hasher?: string
  /** The column as it shall be. */
  encoded?: string
  groups?: string[]
  email?: string
  is_active?: boolean
  is_staff?: boolean
  is_superuser?: boolean
}

const PYTHON = '/usr/bin/python3'
const project = join(import.meta.dirname, 'reference')
const modules = 'import django, rest_framework, rest_framework_simplejwt as s, argon2, bcrypt; print(s.__version__)'
const required = process.env.POSTERN_REQUIRE_PYTHON === '1'

const version = required ? '' : `${spawnSync(PYTHON, ['-c', modules]).stdout ?? ''}`.trim()

/** Why the tests with Django are left out; false when they are not, and never where they are required. */
export const skipWithoutDjango: string | false =
  !required && version === '' && 'no python3-djangorestframework-simplejwt here'

/** The same where answers are compared to the letter. */
export const skipUnlessDebians: string | false =
  skipWithoutDjango || (!required && !version.startsWith('5.2.') && `SimpleJWT is ${version} here, not 5.2`)

/** Starts the reference server over a database of its own; killed when the test ends. */
export async function startDjango(t: Test, options: DjangoOptions = {}): Promise<Django> {
  const { signingKey, verifyingKey, algorithm, hasher, cost } = options
  const folder = t.testdir()
  const database = join(folder, 'django.sqlite3')
  const given = {
    DJANGO_SIGNING_KEY: signingKey,
    DJANGO_VERIFYING_KEY: verifyingKey,
    DJANGO_ALGORITHM: algorithm,
    DJANGO_HASHER: hasher,
    DJANGO_COST: cost
  }
  const env = { PATH: '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1', DJANGO_DATABASE: database, ...given }
  const run = (args: string[]) => spawn(PYTHON, ['manage.py', ...args], { cwd: project, env, stdio: 'pipe' })

  async function manage(args: string[], stdin = ''): Promise<string> {
    const child = run(args)
    child.stdin.end(stdin)
    const [printed, complaints, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close')
    ])
    if (code !== 0) throw new Error(`manage.py ${args.join(' ')} ended with ${code}: ${complaints}`)
    return printed
  }

  const server = run(['serve'])
  const ended = once(server, 'close')
  const stop = async () => {
    server.kill('SIGKILL')
    await ended
  }
  t.teardown(stop)
  const complaints = text(server.stderr)
  const [line] = await Promise.race([once(server.stdout, 'data'), ended.then(() => [undefined])])
  if (line === undefined) throw new Error(`the reference server ended: ${await complaints}`)
  return {
    url: `${line}`.trim(),
    folder,
    database,
    manage,
    createUsers: async users => JSON.parse(await manage(['create_users'], JSON.stringify(users))),
    stop
  }
}
