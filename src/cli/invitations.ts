import type { Values } from './command.ts'
import { print } from './print.ts'
import { withService } from './service.ts'

/** Queues the mail that invites somebody; a running server sends it. */
export async function inviteUser({ role }: Values, email: string): Promise<undefined> {
  await withService(({ core }) => core.invitations.invite({ email, roles: [...new Set(role)] }, undefined, {}))
  await print([`Invited ${email}; a running server sends the mail.`])
}
