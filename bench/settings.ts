import { join } from 'node:path'

/** What differs from the defaults, as it is printed beside the figures. */
export const unusual = { AUTH_RATE_LIMIT: 'off', LOG_LEVEL: 'warn' }

/** The SQLite file of a data folder. */
export const databaseIn = (folder: string): string => join(folder, 'postern.db')

/** The environment of a service on the data of a folder; the issuer of tokens does not depend on the port. */
export const settingsOf = (folder: string) => ({
  ...unusual,
  DATABASE_URL: `sqlite:${databaseIn(folder)}`,
  PUBLIC_URL: 'http://postern.test'
})
