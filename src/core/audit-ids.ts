import { randomInt } from 'node:crypto'
import { v7 as uuid } from 'uuid'
import type { Clock } from './clock.ts'

/** An id from further ahead is no clock that went wrong: somebody made it up. */
const FURTHEST_AHEAD = 366 * 86_400_000

/** Milliseconds since 1970 in a UUIDv7 (RFC 9562 section 5.7); NaN for another text. */
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** The lowest UUIDv7 of a moment: what happened before it has lower ids, and what happened since has none below. */
export function lowestId(time: number): string {
  const hex = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0').slice(0, 12)
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/** Gives UUIDv7s that only grow, also when the clock is set back. */
export function createOrderedIds(now: Clock) {
  let time = 0
  let counter = 0
  return {
    next(): string {
      const present = now()
      counter = present > time ? randomInt(2 ** 31) : counter + 1
      time = Math.max(present, time)
      return uuid({ msecs: time, seq: counter })
    },
    /** From now on all ids are higher than this one. */
    exceed(id: string): void {
      const least = timeOf(id) + 1
      if (least > time && least <= now() + FURTHEST_AHEAD) time = least
    }
  }
}
