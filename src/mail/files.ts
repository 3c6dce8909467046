import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { MailKind } from '../core/mail.ts'
import type { Message } from './message.ts'

const NAME = /^\d{4}-\d{2}-\d{2}T[\d-]+Z-[a-z_]+-[\da-f-]{36}\.eml$/
const MOST = 1000

/** Writes mails as files that mail programs open, for this user alone; of more than 1,000 the oldest go. */
export function createMailFiles(folder: string, now: () => number) {
  async function prune(): Promise<void> {
    const names = (await readdir(folder)).filter(name => NAME.test(name)).sort()
    // Another process may be faster.
    for (const name of names.slice(0, -MOST)) await rm(join(folder, name), { force: true })
  }

  return {
    /** Gives the path of the file. Nobody sees a half of it. */
    async write(id: string, kind: MailKind, message: Message): Promise<string> {
      // Loaded when there is something to write: it takes long.
      const { createTransport } = await import('nodemailer')
      const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
      const { message: bytes } = await composer.sendMail(message)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await chmod(folder, 0o700)
      const name = `${new Date(now()).toISOString().replace(/[:.]/g, '-')}-${kind}-${id}.eml`
      const draft = join(folder, `.${name}`)
      const file = await open(draft, 'w', 0o600)
      try {
        await file.writeFile(bytes as Buffer)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, join(folder, name))
      await prune()
      return join(folder, name)
    }
  }
}
