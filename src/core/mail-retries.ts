const FIRST_MS = 5_000
const FACTOR = 3
const LONGEST_MS = 3_600_000

/** After so many attempts, about a day of them, a mail is given up. */
export const MOST_ATTEMPTS = 50

/** The longest wait in milliseconds after that many attempts: 5 s, 15 s, 45 s and so on, up to an hour. */
export const longestDelay = (attempts: number): number => Math.min(LONGEST_MS, FIRST_MS * FACTOR ** (attempts - 1))

/** Milliseconds until the next attempt: any time up to the longest wait, so that mails that failed together spread out. */
export const retryDelay = (attempts: number, random: number): number =>
  Math.max(1_000, Math.ceil(random * longestDelay(attempts)))
