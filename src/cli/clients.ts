import type { Client, Registered } from '../core/clients.ts'
import type { Values } from './command.ts'
import { print, row } from './print.ts'
import { withService } from './service.ts'

/** Registers a client, and prints its credentials: the secret this once. */
export async function createClient({ scope = [], json }: Values, name: string): Promise<undefined> {
  await withService(async ({ core }) => print(credentials(await core.clients.create(name, scope), json)))
}

/** Prints every client, without secrets. */
export async function listClients({ json }: Values): Promise<undefined> {
  await withService(async ({ core }) => print(table(await core.clients.list(), json)))
}

/** Replaces the secret of a client, and prints the new one. */
export async function rotateSecret({ json }: Values, id: string): Promise<undefined> {
  await withService(async ({ core }) => print(credentials(await core.clients.rotateSecret(id), json)))
}

/** Deletes a client, whose tokens are refused from then on. */
export async function deleteClient(id: string): Promise<undefined> {
  const { name } = await withService(async ({ core }) => core.clients.delete(id))
  await print([`Deleted ${name}, id ${id}.`])
}

const credentials = ({ client, secret }: Registered, json = false): string[] =>
  json
    ? [JSON.stringify({ client_id: client.id, client_secret: secret, name: client.name, scopes: client.scopes })]
    : [`client_id      ${client.id}`, `client_secret  ${secret}`]

function* table(clients: Client[], json = false): Generator<string> {
  if (!json) yield line('ID', 'NAME', 'CREATED', 'SCOPES')
  for (const { id, name, scopes, createdAt } of clients) {
    const created = createdAt.toISOString()
    yield json
      ? JSON.stringify({ client_id: id, name, scopes, created_at: created })
      : line(id, name, `${created.slice(0, 16)}Z`, scopes.join(' ') || '-')
  }
}

const line = (id: string, name: string, created: string, scopes: string): string =>
  row([
    [id, 36],
    [name, 20],
    [created, 17],
    [scopes, 0]
  ])
