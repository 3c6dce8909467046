import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

/** Something wrong with a key or a setting, and what the refusal must speak of. */
export interface KeyFault {
  name: string
  says: RegExp
  env?: Record<string, string>
  /** Changes a folder that a service has written to. */
  harm?(folder: string): Promise<unknown>
}

const secretOf = (folder: string) => join(folder, 'secret')

/** Every one must stop the start. */
export const keyFaults: KeyFault[] = [
  { name: 'secret removed', says: /secret .* is gone/, harm: folder => rm(secretOf(folder)) },
  {
    name: 'secret swapped',
    says: /not the one that sealed/,
    harm: folder => writeFile(secretOf(folder), `${'another secret '.repeat(4)}\n`)
  },
  { name: 'secret cut short', says: /shorter than 32 bytes/, harm: folder => truncate(secretOf(folder), 20) },
  {
    name: 'secret cut by a few letters',
    says: /not the one that sealed/,
    harm: folder => truncate(secretOf(folder), 60)
  },
  { name: 'secret emptied', says: /shorter than 32 bytes/, harm: folder => truncate(secretOf(folder), 0) },
  {
    name: 'a folder where the secret was',
    says: /cannot be read/,
    harm: async folder => {
      await rm(secretOf(folder))
      await mkdir(secretOf(folder))
    }
  },
  { name: 'another AUTH_SECRET', says: /not the one that sealed/, env: { AUTH_SECRET: 'another secret '.repeat(4) } },
  { name: 'AUTH_SECRET cut short', says: /AUTH_SECRET/, env: { AUTH_SECRET: 'another' } },
  { name: 'AUTH_SECRET_FILE missing', says: /AUTH_SECRET_FILE/, env: { AUTH_SECRET_FILE: '/nowhere/secret' } },
  { name: 'a sealed key cut short', says: /signing keys/, harm: async folder => cutKeys(join(folder, 'postern.db')) },
  { name: 'a setting whose name was cut', says: /AUTH_ACCESS_T\b/, env: { AUTH_ACCESS_T: '5m' } },
  { name: 'a duration without its unit', says: /AUTH_REFRESH_TTL/, env: { AUTH_REFRESH_TTL: '1' } },
  { name: 'DATABASE_URL cut after its scheme', says: /DATABASE_URL/, env: { DATABASE_URL: 'sqlite:' } },
  { name: 'DATABASE_URL cut in its scheme', says: /DATABASE_URL/, env: { DATABASE_URL: 'sqli' } },
  { name: 'PUBLIC_URL cut', says: /PUBLIC_URL/, env: { PUBLIC_URL: 'http:/' } },
  { name: 'PORT cut to a letter', says: /PORT/, env: { PORT: 'x' } },
  {
    name: 'the profile schema cut in the middle',
    says: /AUTH_PROFILE_SCHEMA/,
    env: { AUTH_PROFILE_SCHEMA: 'profile.json' },
    harm: folder => writeFile(join(folder, 'profile.json'), '{"type": "object", "properties": {"nickna')
  }
]

function cutKeys(path: string): void {
  const sqlite = new Sqlite(path)
  sqlite.exec('UPDATE signing_keys SET sealed_private_key = substr(sealed_private_key, 1, 40)')
  sqlite.close()
}
