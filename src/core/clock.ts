/** Milliseconds since 1970; an argument everywhere, so that tests can turn it. */
export type Clock = () => number

/** A JWT NumericDate (RFC 7519 section 2): whole seconds since 1970. */
export const seconds = (time: Date | number): number => Math.floor(Number(time) / 1000)

/** How fast time goes where the wall clock is behind: it never stands still, and the wall clock catches up. */
const RATE_WHEN_AHEAD = 0.5

/**
 * A clock that never goes back, and is never before `since`: what has expired stays so. While the wall clock is behind
 * it goes at half speed, so that nobody who waits a minute waits for an hour. `elapsed` counts milliseconds that nobody
 * can set.
 */
export function createMonotonicClock(wall: Clock, since: number, elapsed = (): number => performance.now()): Clock {
  let time = Math.max(wall(), since)
  let mark = elapsed()
  return () => {
    const passed = elapsed() - mark
    mark += passed
    const present = wall()
    time = present >= time ? present : Math.max(present, time + passed * RATE_WHEN_AHEAD)
    return Math.floor(time)
  }
}
