import { formsOf } from './search.ts'

/** So many bytes of each form are looked up at every place; what is shorter is not searched for. */
export const WINDOW = 8
/** No form is longer; so much of what was read before is searched again with what follows. */
export const OVERLAP = 4096

const BITS = 22
const mix = (low: number, high: number): number => Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
const slotOf = (print: number): number => Math.imul(print ^ (print >>> 15), 0x2c1b3c6d) >>> (32 - BITS)

/** Many secrets at once, in all their forms: the time does not depend on how many they are. */
export function createNeedles(secrets: readonly string[]) {
  const maybe = new Uint8Array(2 ** BITS)
  const owners = new Map<number, number[]>()
  secrets.forEach((secret, at) => {
    for (const bytes of formsOf(secret).values()) {
      if (bytes.length < WINDOW) continue
      const print = mix(bytes.readInt32LE(0), bytes.readInt32LE(4))
      const held = owners.get(print) ?? []
      if (!held.includes(at)) owners.set(print, [...held, at])
      maybe[slotOf(print)] = 1
    }
  })

  /** The secret, and its form, that begins at a place. */
  function at(bytes: Buffer, place: number, print: number): { secret: string; form: string } | undefined {
    for (const owner of owners.get(print) ?? []) {
      const secret = secrets[owner] as string
      for (const [form, needle] of formsOf(secret))
        if (needle.length >= WINDOW && bytes.subarray(place, place + needle.length).equals(needle))
          return { secret, form }
    }
    return undefined
  }

  return {
    /** Every place from `from` on where a secret begins. */
    *find(bytes: Buffer, from = 0): Generator<{ secret: string; form: string; place: number }> {
      let [low, high] = [0, 0]
      for (let end = from; end < bytes.length; end++) {
        low = (low >>> 8) | (high << 24)
        high = (high >>> 8) | ((bytes[end] as number) << 24)
        const print = mix(low, high)
        const place = end - WINDOW + 1
        if (maybe[slotOf(print)] === 0 || place < from) continue
        const found = at(bytes, place, print)
        if (found) yield { ...found, place }
      }
    }
  }
}
