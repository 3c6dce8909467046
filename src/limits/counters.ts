import { hash, randomBytes } from 'node:crypto'

/** How many requests a window has counted, and for how many milliseconds it goes on. */
export interface Count {
  current: number
  ttl: number
}

export type Counters = ReturnType<typeof createCounters>

/** Of one limit: 1.3 MB, whatever comes. */
const ROOM = 65_536
const WAYS = 8

/**
 * Counters in memory for one limit, with room for so many windows (a power of two). A window begins with its first request
 * and does not move. Each key has eight places where its window may be, which nobody outside can know; when they are
 * taken, the window that ends first goes. What is counted under one limit never pushes out what is counted under another.
 */
export function createCounters(now: () => number, room = ROOM) {
  // Plain numbers in place: a Map whose keys come and go by the million leaves more garbage than it holds.
  const prints = new Uint32Array(2 * room)
  const counts = new Uint32Array(room)
  const ends = new Float64Array(room)
  const seed = randomBytes(16).toString('base64')

  /** The place of a key; a place that is not its own yet has no count and has ended. */
  function placeOf(key: string): { place: number; own: boolean; print: readonly [number, number] } {
    const digest = hash('sha1', seed + key, 'buffer')
    const print = [digest.readUInt32LE(0), digest.readUInt32LE(4)] as const
    const first = (digest.readUInt32LE(8) % (room / WAYS)) * WAYS
    let place = first
    for (let at = first; at < first + WAYS; at++) {
      if (prints[2 * at] === print[0] && prints[2 * at + 1] === print[1]) return { place: at, own: true, print }
      if ((ends[at] ?? 0) < (ends[place] ?? 0)) place = at
    }
    return { place, own: false, print }
  }

  function look(key: string, length: number) {
    const found = placeOf(key)
    const left = (ends[found.place] ?? 0) - now()
    // More than a whole window is left only after the clock was set back.
    const runs = found.own && left > 0 && left <= length
    return { ...found, current: runs ? (counts[found.place] ?? 0) : 0, ttl: runs ? left : 0 }
  }

  return {
    /** Counts one more request in a window of so many milliseconds. */
    count(key: string, length: number): Count {
      const { place, print, current, ttl } = look(key, length)
      if (current === 0) {
        prints.set(print, 2 * place)
        ends[place] = now() + length
      }
      counts[place] = current + 1
      return { current: current + 1, ttl: current === 0 ? length : ttl }
    },
    read(key: string, length: number): Count {
      const { current, ttl } = look(key, length)
      return { current, ttl }
    },
    /** Takes over what others have counted for a key in a window that ends at a time. Nothing is ever counted less. */
    learn(key: string, length: number, others: number, end: number): void {
      const { place, print, current } = look(key, length)
      if (end <= now()) return
      prints.set(print, 2 * place)
      ends[place] = end
      counts[place] = Math.max(current, others)
    }
  }
}
