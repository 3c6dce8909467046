const HOUR = 3600
const DAY = 24 * HOUR

/** What happens to the clock of a service that runs. */
export interface Jumps {
  name: string
  /** Seconds after the true time, one after the other. */
  to: number[]
  /** Whether the service is killed and started again at the end. */
  restarts?: boolean
  /** Whether there is time for housekeeping before the last jump. */
  keepsHouse?: boolean
}

/** What happens to the clock before the start of a service. */
export interface Start {
  name: string
  at: number
  /** Whether there is no store yet. */
  empty?: boolean
}

export const jumps: Jumps[] = [
  { name: 'an hour back', to: [-HOUR] },
  { name: 'an hour ahead', to: [HOUR] },
  { name: 'a day ahead', to: [DAY] },
  { name: 'an hour back, restarted', to: [-HOUR], restarts: true },
  { name: 'a day ahead and back again, restarted', to: [DAY, 0], restarts: true },
  {
    name: 'an hour ahead, housekeeping, two hours back, restarted',
    to: [HOUR, -HOUR],
    restarts: true,
    keepsHouse: true
  }
]

/** All of these are refused. */
export const starts: Start[] = [
  { name: 'a start in 1970', at: 60 - Math.floor(Date.now() / 1000) },
  { name: 'a start in 1970 without a store', at: 60 - Math.floor(Date.now() / 1000), empty: true },
  { name: 'a start three days back', at: -3 * DAY }
]
