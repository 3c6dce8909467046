import type { AnyColumn, SQL } from 'drizzle-orm'
import { sql } from '../db/drizzle.ts'

/** A value that a prepared statement gets later, where Drizzle encodes it itself (`values`, and `eq` with a text column). */
export const slot = (name: string) => sql.placeholder(name)

/** The same, encoded as its column is: without it a Date would reach the driver raw. */
export const slotAs = (name: string, column: AnyColumn): SQL => sql`${sql.param(sql.placeholder(name), column)}`

/** How many rows one purge deletes at most, so that no other write waits long for it. */
export const PURGE_BATCH = 500
