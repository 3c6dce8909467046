import { statSync } from 'node:fs'

/** To so many bytes SQLite cuts its write-ahead log whenever that has been copied into the file. */
export const LOG_LIMIT = 64 * 1024 * 1024

/**
 * Bytes of the write-ahead log of a SQLite file; 0 where it has none. More than `LOG_LIMIT` means that somebody reads for
 * so long in one transaction that the log cannot begin anew (https://www.sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").
 */
export const logBytes = (file: string): number => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
