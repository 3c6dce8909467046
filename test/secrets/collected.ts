import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dictionary } from '@zxcvbn-ts/language-common'
import { createNeedles } from './needles.ts'

const root = join(import.meta.dirname, '..', '..')
const SHORTEST = 8
const DIFFERENT = 5
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i
/** What `password` and `127.0.0.1` beside it in a row begin with, for one. */
const COMMON = new Set(dictionary['passwords-common'] as string[])
const SIX_DIGITS = /^\d{6}$/

/** What a run has to hide: secrets by what they are, and apart from them the codes that are too short to be searched as bytes. */
export interface Collected {
  secrets: Map<string, string>
  codes: Set<string>
}

/** Reads the secrets of a run, without what anybody may know: names of users, ids, and words of the sources, and common passwords. */
export function collected(folder: string): Collected {
  const names = new Set<string>()
  const found = new Map<string, string>()
  const codes = new Set<string>()
  for (const line of linesOf(folder, '.public')) names.add(JSON.parse(line))
  for (const line of linesOf(folder, '.secrets')) {
    const { kind, secret }: { kind: string; secret: string } = JSON.parse(line)
    if (SIX_DIGITS.test(secret) && kind.startsWith('code')) codes.add(secret)
    for (const spelling of kind.startsWith('code') ? [secret, secret.replaceAll('-', '')] : [secret])
      if (isSearchable(spelling) && !names.has(spelling)) found.set(spelling, kind)
  }
  for (const word of wordsOfSources([...found.keys()])) found.delete(word)
  return { secrets: found, codes }
}

function* linesOf(folder: string, kind: string): Generator<string> {
  for (const name of readdirSync(folder))
    if (name.endsWith(kind)) yield* readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)
}

// Tests also send what is no secret to anybody: nothing, a letter many times, an id, a password that is refused for being common.
const isSearchable = (secret: string): boolean =>
  Buffer.byteLength(secret) >= SHORTEST &&
  new Set(secret).size >= DIFFERENT &&
  !UUID.test(secret) &&
  !COMMON.has(secret)

/** Those that stand in the sources, such as `password` itself: every database has them in its tables. */
function* wordsOfSources(secrets: string[]): Generator<string> {
  const { find } = createNeedles(secrets)
  for (const folder of ['src', 'plugins', 'routes', 'migrations'])
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) for (const { secret } of find(readFileSync(join(entry.parentPath, entry.name)))) yield secret
}
