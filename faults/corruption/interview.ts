import { type Answer, type Client, isRefused } from '../harness/client.ts'
import type { Person } from './population.ts'

/** What a service says about people that it should know. */
export interface Interview {
  /** Somebody was taken for somebody else. */
  mistaken: string[]
  /** Answers that were not what they would be without damage: refused, and not able to answer. */
  refused: number
  failed: number
  asked: number
}

interface Identity {
  sub?: string
  id?: string
  username?: string
}

/** Whom an answer is about: what its tokens say, and the user. */
function identitiesIn({ body }: Answer): Identity[] {
  const { access, refresh, user } = body as { access?: string; refresh?: string; user?: Identity }
  return [...[access, refresh].filter(token => token !== undefined).map(claimsOf), user ?? (body as Identity)]
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

/** Asks everybody for everything that they have, and tries the password of the neighbour. */
export async function interview(client: Client, people: Person[]): Promise<Interview> {
  const names = new Set(people.map(({ name }) => name))
  const found: Interview = { mistaken: [], refused: 0, failed: 0, asked: 0 }

  // A letter of a name that changed makes nobody somebody else; the whole name of another account does.
  const isOther =
    (person: Person) =>
    ({ sub, id, username }: Identity) =>
      (sub ?? id ?? person.id) !== person.id ||
      (username !== undefined && username !== person.name && (username.startsWith('load') || names.has(username)))

  function hear(person: Person, what: string, answer: Answer): void {
    found.asked += 1
    if (isRefused(answer)) found.refused += 1
    else if (answer.status !== 200) found.failed += 1
    else if (identitiesIn(answer).some(isOther(person))) found.mistaken.push(`${what} of ${person.name}`)
    const { access } = answer.body as { access?: string }
    if (access && claimsOf(access).roles.length > 0) found.mistaken.push(`${what} of ${person.name} gave a role`)
  }

  for (const [index, person] of people.entries()) {
    hear(person, 'the access token', await client.protected(person.access))
    hear(person, 'the account', await client.send('/api/me/', { authorization: `Bearer ${person.access}` }))
    hear(person, 'the refresh token', await client.refresh(person.refresh))
    hear(person, 'the password', await client.login(person.name, person.password))
    const neighbour = people[(index + 1) % people.length] as Person
    const wrong = await client.login(person.name, neighbour.password)
    if (wrong.status === 200) found.mistaken.push(`${person.name} with the password of ${neighbour.name}`)
  }
  return found
}
