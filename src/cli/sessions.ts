import type { Values } from './command.ts'
import { print } from './print.ts'
import { withService } from './service.ts'

/** Ends every session of a user, also beside a running server, and prints how many. `user` is a username or an address. */
export async function revokeSessions(user: string): Promise<undefined> {
  const { user: found, ended } = await withService(({ core }) => core.sessionControl.revokeAll(user))
  await print([`Ended ${ended} ${ended === 1 ? 'session' : 'sessions'} of ${found.username}.`])
}

/** Refuses everything that anybody was given, also beside a running server, and prints how much that was. */
export async function revokeEveryone({ json }: Values): Promise<undefined> {
  const { sessions, links, mails, imported } = await withService(({ core }) => core.massRevocation.revokeEverything())
  await print(
    json
      ? [JSON.stringify({ sessions, links, unsent_mails: mails, imported_users: imported })]
      : [
          `Ended ${sessions} ${sessions === 1 ? 'session' : 'sessions'}, and made the signing keys anew: no token that was issued before is good.`,
          `Voided ${links} mailed ${links === 1 ? 'link' : 'links'}, ${mails} of them in mails that had not left.`,
          ...(imported > 0 ? [`Refused the tokens of Django of ${imported} imported users.`] : [])
        ]
  )
}
