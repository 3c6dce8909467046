import type { Answer, Client, OAuthClient } from './client.ts'
import type { KnownSession, KnownUser, Operation } from './knowledge.ts'
import type { Ledger } from './ledger.ts'

export type Actions = ReturnType<typeof createActions>

/** The changes that a client can ask for; each is in the ledger before it is sent, and again with its answer. */
export function createActions(client: Client, ledger: Ledger) {
  async function perform(operation: Operation, send: () => Promise<Answer>): Promise<Answer> {
    const n = ledger.sent(operation)
    const answer = await send()
    ledger.answered(n, answer)
    return answer
  }

  return {
    register: (user: string, password: string, email = `${user}@example.com`) =>
      perform({ name: 'register', user, email, password }, () => client.register(user, email, password)),
    login: ({ name }: KnownUser, password: string) =>
      perform({ name: 'login', user: name, password }, () => client.login(name, password)),
    refresh: ({ name }: KnownUser, { id, refresh }: KnownSession, token = refresh) =>
      perform({ name: 'refresh', user: name, session: id, token }, () => client.refresh(token)),
    logout: ({ name }: KnownUser, { id, refresh }: KnownSession) =>
      perform({ name: 'logout', user: name, session: id, token: refresh }, () => client.logout(refresh)),
    change: ({ name, password }: KnownUser, { id }: KnownSession, access: string, to: string) =>
      perform({ name: 'change', user: name, session: id, from: password, to }, () =>
        client.changePassword(access, password, to)
      ),
    revoke: ({ name }: KnownUser, { id }: KnownSession, token: string, oauth: OAuthClient) =>
      perform({ name: 'revoke', user: name, session: id, token }, () => client.revoke(token, oauth)),
    reset: ({ name, password }: KnownUser, token: string, to: string) =>
      perform({ name: 'reset', user: name, token, from: password, to }, () => client.reset(token, to))
  }
}
