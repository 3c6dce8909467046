import { print } from './print.ts'
import { withService } from './service.ts'

/** Ends every session of a user, also beside a running server, and prints how many. `user` is a username or an address. */
export async function revokeSessions(user: string): Promise<undefined> {
  const { user: found, ended } = await withService(({ core }) => core.sessionControl.revokeAll(user))
  await print([`Ended ${ended} ${ended === 1 ? 'session' : 'sessions'} of ${found.username}.`])
}
