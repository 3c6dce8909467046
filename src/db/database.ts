import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'
import type { Tables } from './schema.ts'

/** The part of Drizzle that behaves alike on SQLite and Postgres. */
export type Queries = Pick<BaseSQLiteDatabase<'async', unknown>, 'select' | 'insert' | 'update' | 'delete'>

/** One bound statement on its way to the driver, which answers with rows. */
export interface Bound {
  readonly statement: unknown
  readonly values: Record<string, unknown>
}

/** Work that reads and writes by yielding statements; a driver runs it (SQLite at once, Postgres step by step). */
export type Work<T> = Generator<Bound, T, unknown[]>

/** A prepared statement: `yield* rotate({ id })` inside work. Every statement returns rows (writes use `returning`). */
export type Statement<Row> = (values?: Record<string, unknown>) => Work<Row[]>

/** The store, whichever database is behind it. */
export interface Database {
  readonly tables: Tables
  /** Prepares a statement once; the name is unique in the database. */
  prepare<Row>(name: string, build: (queries: Queries) => PromiseLike<Row[]>): Statement<Row>
  /** Runs reading work without a transaction. Rejects with `StoreUnavailable` when the store cannot answer. */
  read<T>(work: Work<T>): Promise<T>
  /**
   * Runs work in a transaction and resolves once it is durable. Work that throws is rolled back alone and its error
   * rejects. Rejects with `UniqueViolation`, or with `StoreUnavailable` when nothing is known to be applied.
   */
  write<T>(work: () => Work<T>): Promise<T>
  /**
   * A number that grows once another process has committed something; it is at most 250 ms late. What was read under
   * one epoch, and not changed by this process, is still so. Throws `StoreUnavailable`.
   */
  epoch(): number
  close(): Promise<void>
}

/** The store is down, full, locked or read-only: not known to be applied, a retry is safe. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** A unique index refused a row. `column` is the column's database name, such as `username_key`. */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation'
  readonly column: string
  constructor(column: string, options?: ErrorOptions) {
    super(`unique violation on ${column}`, options)
    this.column = column
  }
}

/** The database cannot be opened or migrated; the message tells a person why and what to do. */
export class StoreStartError extends Error {
  override readonly name = 'StoreStartError'
}
