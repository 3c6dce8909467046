import type { PublicUser } from '../core/users.ts'
import { UsageError, type Values } from './command.ts'
import { readPassword } from './password.ts'
import { print, row } from './print.ts'
import { withService } from './service.ts'

/** Creates a user whose password comes from the terminal or from stdin, and prints the user. */
export async function createUser({ username, email, role, profile: fields, json }: Values): Promise<undefined> {
  if (username === undefined) throw new UsageError('user create: --username NAME is needed')
  const profile = fields === undefined ? {} : parseProfile(fields)
  const password = await readPassword()
  const user = await withService(async ({ core }) =>
    core.users.describe(
      await core.registration.create({ username, email: email ?? null, password, roles: [...new Set(role)], profile })
    )
  )
  await print([json ? JSON.stringify(user) : `Created ${user.username}, id ${user.id}.`])
}

/** Changes own fields of a user, also those that are readOnly for users, and prints the user. */
export async function setProfile({ profile, json }: Values, name: string): Promise<undefined> {
  if (profile === undefined) throw new UsageError('user set-profile: --profile JSON is needed')
  const changes = parseProfile(profile)
  const user = await withService(({ core }) => core.account.setProfile(name, changes))
  await print([json ? JSON.stringify(user) : `Changed ${user.username}: ${JSON.stringify(user.profile)}`])
}

/** Disables or enables a user, and prints the user. */
export async function setActive(active: boolean, { json }: Values, name: string): Promise<undefined> {
  const user = await withService(({ core }) =>
    active ? core.userControl.enable(name) : core.userControl.disable(name)
  )
  await print([json ? JSON.stringify(user) : `${active ? 'Enabled' : 'Disabled'} ${user.username}.`])
}

/** Gives a user the roles that are named, and prints the user. */
export async function setRoles({ role, json }: Values, name: string): Promise<undefined> {
  const user = await withService(({ core }) => core.userControl.setRoles(name, [...new Set(role)]))
  await print([json ? JSON.stringify(user) : `${user.username} has ${user.roles.join(', ') || 'no roles'}.`])
}

function parseProfile(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Said below: no text that is not an object will do.
  }
  throw new UsageError(`--profile: a JSON object is needed, such as {"plan": "pro"}`)
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
