import { createClient, isDone } from '../harness/client.ts'
import { entriesOf } from './ledger-at.ts'

/** Everything that was given to anybody, as far as a ledger knows. */
export interface Issued {
  access: string[]
  refresh: string[]
  /** Tokens of mailed links. */
  links: string[]
}

const AT_ONCE = 8
/** Refused before the link is used up. */
const WEAK = 'short'

/** What a ledger says was issued. */
export function issuedIn(file: string): Issued {
  const issued = { access: new Set<string>(), refresh: new Set<string>(), links: new Set<string>() }
  for (const entry of entriesOf(file)) {
    if ('sent' in entry && entry.sent.name === 'reset') issued.links.add(entry.sent.token)
    if (!('status' in entry)) continue
    if (entry.access) issued.access.add(entry.access)
    if (entry.refresh) issued.refresh.add(entry.refresh)
  }
  return { access: [...issued.access], refresh: [...issued.refresh], links: [...issued.links] }
}

/** Which of it is good; asking changes nothing. */
export async function accepted(url: string, { access, refresh, links }: Issued): Promise<string[]> {
  const client = createClient(url)
  const good: string[] = []
  const ask = async (kind: string, isGood: () => Promise<boolean>) => {
    if (await isGood()) good.push(kind)
  }
  await inBatches([
    ...access.map(token => () => ask('an access token', async () => isDone(await client.verify(token)))),
    ...refresh.map(token => () => ask('a refresh token', async () => isDone(await client.verify(token)))),
    ...links.map(token => () => ask('a mailed link', async () => !isUnknown(await client.reset(token, WEAK))))
  ])
  return good
}

/** Which of it gets its holder in; an answer that is no refusal counts. */
export async function letIn(url: string, { access, refresh, links }: Issued): Promise<string[]> {
  const client = createClient(url)
  const inside: string[] = []
  const demand = async (kind: string, answer: Promise<{ status: number }>, refusal: number) => {
    const { status } = await answer
    if (status !== refusal) inside.push(`${kind}: ${status}`)
  }
  await inBatches([
    ...access.map(token => () => demand('an access token', client.protected(token), 401)),
    ...refresh.map(token => () => demand('a refresh token', client.refresh(token), 401)),
    ...links.map(token => () => demand('a mailed link', client.reset(token, 'some other pass phrase'), 400))
  ])
  return inside
}

const isUnknown = ({ body }: { body: Record<string, unknown> }): boolean => body.code === 'invalid_link'

async function inBatches(work: Array<() => Promise<void>>): Promise<void> {
  const queue = work.toReversed()
  const worker = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) await next()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
