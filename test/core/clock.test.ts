import t from 'tap'
import { createMonotonicClock } from '../../src/core/clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A clock over a wall clock and a count of milliseconds that the test sets. */
function clockOver(t0: number, since = 0) {
  const real = { wall: t0, elapsed: 0 }
  const now = createMonotonicClock(
    () => real.wall,
    since,
    () => real.elapsed
  )
  /** Time passes for both. */
  const pass = (milliseconds: number) => {
    real.wall += milliseconds
    real.elapsed += milliseconds
  }
  return { real, now, pass }
}

t.test('time is what the wall clock says as long as it goes forward, slowly or in a jump', async t => {
  const { real, now, pass } = clockOver(HOUR)
  t.equal(now(), HOUR)
  pass(MINUTE)
  t.equal(now(), HOUR + MINUTE)
  real.wall += 24 * HOUR
  t.equal(now(), 25 * HOUR + MINUTE)
  real.elapsed += 10 * MINUTE
  t.equal(now(), 25 * HOUR + MINUTE, 'a wall clock that stands is followed too')
})

t.test('a wall clock that is set back takes no time back, and is caught up with at half speed', async t => {
  const { real, now, pass } = clockOver(10 * HOUR)
  now()
  real.wall -= HOUR
  t.equal(now(), 10 * HOUR)
  pass(2 * MINUTE)
  t.equal(now(), 10 * HOUR + MINUTE, 'it does not stand still')
  pass(1)
  pass(1)
  t.equal(now(), 10 * HOUR + MINUTE + 1, 'whole milliseconds')
  pass(2 * HOUR)
  t.equal(now(), real.wall, 'and is the wall clock again')
  pass(MINUTE)
  t.equal(now(), real.wall)
})

t.test('time begins no earlier than the newest row of the store', async t => {
  const { real, now, pass } = clockOver(10 * HOUR, 11 * HOUR)
  t.equal(now(), 11 * HOUR)
  pass(MINUTE)
  t.equal(now(), 11 * HOUR + MINUTE / 2)
  real.wall = 12 * HOUR
  t.equal(now(), 12 * HOUR)
})
