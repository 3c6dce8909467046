import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { link, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Config } from '../config.ts'
import { StartError } from '../errors.ts'

/** What the master secret is used for, each with a key of its own (HKDF-SHA256, RFC 5869). */
export interface Secrets {
  /** Signs refresh tokens and nothing else. */
  refreshKey: Buffer
  /** Encrypts a text (AES-256-GCM); `context` must be the same again to open it. */
  seal(plain: string, context: string): string
  /** Throws when the text was sealed under another secret or for another context. */
  unseal(sealed: string, context: string): string
  /** Authenticates the rows of the audit trail. */
  auditMacKey: Buffer
  /** Makes the Ed25519 key pair that signs the seals of the audit trail and nothing else. */
  auditSealSeed: Buffer
  /** The same name gives the same pseudonym, which tells nothing about the name. */
  pseudonym(name: string): string
}

/**
 * Opens the master secret; makes it only where nothing depends on one yet. `inUse` says that the database holds keys
 * that a former secret sealed. Throws StartError.
 */
export async function openSecrets(config: Config, inUse: boolean): Promise<Secrets> {
  const master = config.authSecret ?? (await secretFromFile(config, inUse))
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', master, '', `postern ${purpose}`, 32))
  const sealKey = derive('seal')
  const pseudonymKey = derive('pseudonym')
  return {
    refreshKey: derive('refresh tokens'),
    auditMacKey: derive('audit rows'),
    auditSealSeed: derive('audit seals'),
    seal: (plain, context) => {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', sealKey, iv).setAAD(Buffer.from(context))
      return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url'
      )
    },
    unseal: (sealed, context) => {
      const bytes = Buffer.from(sealed, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16))
      return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8')
    },
    pseudonym: name => createHmac('sha256', pseudonymKey).update(name).digest('base64url').slice(0, 22)
  }
}

async function secretFromFile(config: Config, inUse: boolean): Promise<string> {
  const file = config.secretFile
  const found = await readSecret(file)
  if (found !== undefined) return found
  if (config.authSecretFile) throw new StartError(`AUTH_SECRET_FILE: there is no file ${file}.`)
  if (inUse) {
    throw new StartError(
      `The master secret ${file} is gone, but the database holds keys that it sealed. Restore the file from a backup, or set AUTH_SECRET; nothing was made anew.`
    )
  }
  return makeSecret(file)
}

async function readSecret(file: string): Promise<string | undefined> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new StartError(`The master secret ${file} cannot be read (${error.code}).`, { cause: error })
  })
  const secret = content?.trim()
  if (secret === undefined || Buffer.byteLength(secret) >= 32) return secret
  throw new StartError(`The master secret ${file} is shorter than 32 bytes; restore it, or set AUTH_SECRET.`)
}

/** Written beside its place and linked into it: another process sees a whole file or none, and the first one wins. */
async function makeSecret(file: string): Promise<string> {
  const draft = `${file}.${randomBytes(9).toString('base64url')}`
  try {
    const handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(`${randomBytes(48).toString('base64url')}\n`)
    await handle.sync()
    await handle.close()
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await unlink(draft)
    await keepNames(dirname(file))
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new StartError(`The master secret ${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error
    })
  }
}

/** What is sealed under the secret must not survive a power cut that its file does not. */
async function keepNames(folder: string): Promise<void> {
  // Windows opens no folder, and keeps names by itself.
  const handle = await open(folder).catch(() => undefined)
  await handle?.sync()
  await handle?.close()
}
