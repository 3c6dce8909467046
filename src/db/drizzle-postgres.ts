import { createRequire } from 'node:module'

// As CommonJS, for the reason that drizzle.ts gives; apart from it, so that SQLite alone never loads a driver for Postgres.
const load = createRequire(import.meta.url)

/** The columns of Postgres. */
export const postgres = load('drizzle-orm/pg-core') as typeof import('drizzle-orm/pg-core')

/** Drizzle over a connection of pg. */
export const { drizzle } = load('drizzle-orm/node-postgres') as typeof import('drizzle-orm/node-postgres')
