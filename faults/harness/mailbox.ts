import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 20

export type Mailbox = ReturnType<typeof openMailbox>

/** The mails that a service without a mail server writes into the outbox of its data folder. */
export function openMailbox(folder: string) {
  const outbox = join(folder, 'outbox')
  const seen = new Set<string>()
  const tokens = new Map<string, string>()

  async function look(): Promise<void> {
    const names = await readdir(outbox).catch(() => [])
    for (const name of names.sort()) {
      if (seen.has(name) || !/^\d.*-reset_password-.*\.eml$/.test(name)) continue
      seen.add(name)
      const text = unfold(await readFile(join(outbox, name), 'utf8').catch(() => ''))
      const to = /^To: .*?([\w.+-]+@[\w.-]+)/m.exec(text)?.[1]
      const token = /\/account\/reset-password#token=([\w-]+)/.exec(text)?.[1]
      if (to && token) tokens.set(to, token)
    }
  }

  return {
    /** The token of the newest unread link to set a password, as soon as it comes; undefined once `isOver`. */
    async resetToken(address: string, isOver: () => boolean): Promise<string | undefined> {
      while (!tokens.has(address) && !isOver()) {
        await look()
        if (!tokens.has(address)) await sleep(POLL_MS)
      }
      const token = tokens.get(address)
      tokens.delete(address)
      return token
    }
  }
}

/** Quoted-printable, as far as links need it. */
const unfold = (text: string): string => text.replace(/=\r?\n/g, '').replaceAll('=3D', '=')
