import { randomBytes, randomInt } from 'node:crypto'

// Crockford's base 32: no letter that is taken for another one.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Forty random bits as eight letters and digits, for what is typed seldom and is worth much. */
export function letterCode(): string {
  const code = Array.from(randomBytes(8), byte => ALPHABET[byte & 31]).join('')
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** Six digits, for what is typed often and holds for minutes. */
export const digitCode = (): string => String(randomInt(1_000_000)).padStart(6, '0')

/** A code as it was meant, however it was typed. */
export const bareCode = (code: string): string =>
  code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
