import { hash } from 'node:crypto'

const MORE = 2

/** Texts of which only it can be asked how many there were: a million take 8 MB. */
export interface Keys {
  add(text: string): void
  /** To be called once all were added. */
  seal(): void
  has(text: string): boolean
  hasTwice(text: string): boolean
}

/** A set of texts as 53 bits of a hash each: two of a million differ and look alike with a probability of 1 in 18,000. */
export function createKeys(): Keys {
  let hashes = new Float64Array(1024)
  let used = 0

  /** Where the first hash stands that is not below. */
  function place(wanted: number): number {
    let from = 0
    let to = used
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((hashes[middle] as number) < wanted) from = middle + 1
      else to = middle
    }
    return from
  }

  return {
    add(text) {
      if (used === hashes.length) {
        const larger = new Float64Array(used * MORE)
        larger.set(hashes)
        hashes = larger
      }
      hashes[used++] = digest(text)
    },
    seal() {
      hashes = hashes.subarray(0, used).sort()
    },
    has(text) {
      const wanted = digest(text)
      return hashes[place(wanted)] === wanted
    },
    hasTwice(text) {
      const wanted = digest(text)
      return hashes[place(wanted) + 1] === wanted
    }
  }
}

// Thirteen hexadecimal digits and a bit, as a whole number that a double can hold.
const digest = (text: string): number => Math.floor(Number.parseInt(hash('sha256', text).slice(0, 14), 16) / 8)
