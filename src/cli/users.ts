import type { PublicUser } from '../core/users.ts'
import { UsageError, type Values } from './command.ts'
import { readPassword } from './password.ts'
import { print, row } from './print.ts'
import { withService } from './service.ts'

/** Creates a user whose password comes from the terminal or from stdin, and prints the user. */
export async function createUser({ username, email, role, json }: Values): Promise<undefined> {
  if (username === undefined) throw new UsageError('user create: --username NAME is needed')
  const password = await readPassword()
  const user = await withService(async ({ core }) =>
    core.users.describe(
      await core.registration.create({ username, email: email ?? null, password, roles: [...new Set(role)] })
    )
  )
  await print([json ? JSON.stringify(user) : `Created ${user.username}, id ${user.id}.`])
}

/** Prints every user while reading: any number of them fits. */
export async function listUsers({ json }: Values): Promise<undefined> {
  await withService(async ({ core }) => {
    async function* lines() {
      if (!json) yield line('ID', 'USERNAME', 'EMAIL', 'CREATED', 'LAST LOGIN', 'ROLES')
      for await (const user of core.users.all()) {
        const described = core.users.describe(user)
        yield json ? JSON.stringify(described) : tableLine(described)
      }
    }
    await print(lines())
  })
}

const tableLine = (user: PublicUser): string =>
  line(
    user.id,
    user.username,
    user.email ?? '-',
    minute(user.created_at),
    user.last_login_at ? minute(user.last_login_at) : 'never',
    user.roles.join(',') || '-'
  )

const line = (id: string, username: string, email: string, created: string, login: string, roles: string): string =>
  row([
    [id, 36],
    [username, 20],
    [email, 28],
    [created, 17],
    [login, 17],
    [roles, 0]
  ])

const minute = (iso: string): string => `${iso.slice(0, 16)}Z`
