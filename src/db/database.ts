import type { SQL } from 'drizzle-orm'
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'
import type { Tables } from './schema.ts'

/** The part of Drizzle that behaves alike on SQLite and Postgres. */
export type Queries = Pick<BaseSQLiteDatabase<'async', unknown>, 'select' | 'insert' | 'update' | 'delete'>

/** One bound statement on its way to the driver, which answers with rows. */
export interface Bound {
  readonly statement: unknown
  readonly values: Record<string, unknown>
}

/**
 * Work that reads and writes by yielding statements; a driver runs it (SQLite at once, Postgres step by step). A broken
 * constraint is thrown into the work, which ends with it. Work may be run again from its beginning when the database
 * asks for that.
 */
export type Work<T> = Generator<Bound, T, unknown[]>

/** A prepared statement: `yield* rotate({ id })` inside work. Every statement returns rows (writes use `returning`). */
export type Statement<Row> = (values?: Record<string, unknown>) => Work<Row[]>

/** What is told of a table that other processes changed: the table, and the primary key of the row. */
export type ChangeListener = (table: string, key: string) => void

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
   * The same for work that writes with one statement at most and throws nothing after it: on Postgres there is no
   * transaction around it that could undo it, and so it takes one way there and back.
   */
  writeOnce<T>(work: () => Work<T>): Promise<T>
  /**
   * In a transaction: waits until no other one, of any process, holds the same name, and holds it to the end. SQLite has
   * one writer at a time anyway.
   */
  hold(name: string): Work<void>
  /**
   * What ends a SELECT within a write, so that rows that another transaction is changing are left out and not waited for.
   * Nothing on SQLite, which has one writer at a time.
   */
  readonly skipLocked: SQL
  /**
   * A number that changes once another process has committed something that `onChange` does not tell. What was read under
   * one epoch, and neither changed by this process nor told, is still so, but for the last 250 ms on SQLite and the last 5 s
   * on Postgres; usually less than 10 ms there. Throws `StoreUnavailable`.
   */
  epoch(): number
  /** Whether changes are told one by one, and reading is so slow that it pays to remember them. */
  readonly tells: boolean
  /** Whether an UPDATE that joins another table can return the columns of both. */
  readonly returnsJoined: boolean
  /** Hears of changes of single rows, those of this process included, before the write that made them resolves. */
  onChange(listener: ChangeListener): void
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
