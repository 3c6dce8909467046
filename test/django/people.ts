import { randomBytes, scryptSync } from 'node:crypto'
import type { DjangoUser } from './server.ts'

/** A user of Django, and what the move makes of it. */
export interface Person {
  row: DjangoUser
  /** What Django and Postern are asked with. */
  name: string
  password: string
  /** What Postern calls the user. */
  username: string
  roles: string[]
  /** Whether the password opens the account. */
  mayLogIn: boolean
  /** Whether Django itself can verify the hash; 3.2 has no scrypt. */
  inDjango: boolean
}

const FORMATS = {
  pbkdf2_sha256: 'PBKDF2PasswordHasher',
  pbkdf2_sha1: 'PBKDF2SHA1PasswordHasher',
  argon2: 'Argon2PasswordHasher',
  bcrypt_sha256: 'BCryptSHA256PasswordHasher',
  bcrypt: 'BCryptPasswordHasher',
  scrypt: undefined
}
const names = Object.keys(FORMATS) as Array<keyof typeof FORMATS>

/** As many as that, in every format; one in 89 at the cost that Django takes by itself. */
export const people = (count: number): Person[] => Array.from({ length: count }, (_, n) => person(n))

/** The person of that number: its format and its other properties repeat in cycles that have no factor in common. */
export function person(n: number): Person {
  const format = names[n % names.length] as keyof typeof FORMATS
  const isFull = n % 89 === 0
  const isUsable = n % 23 !== 5
  const isActive = n % 19 !== 7
  const byAddress = n % 29 === 11
  const password = n % 31 === 3 ? `Grüße ${n}, 世界` : `correct horse ${n}`
  const username = `person-${n}`
  const email = n % 7 === 2 && !byAddress ? '' : `${username}@example.com`
  const groups = [...(n % 5 === 1 ? ['editors'] : []), ...(n % 11 === 4 ? ['Content team'] : [])]
  const [isStaff, isSuperuser] = [n % 13 === 6, n % 101 === 9]
  return {
    name: byAddress ? email : username,
    password,
    username,
    roles: [
      ...groups.map(group => (group === 'editors' ? 'editors' : 'writer')),
      ...(isStaff ? ['staff'] : []),
      ...(isSuperuser ? ['admin'] : [])
    ],
    mayLogIn: isUsable && isActive,
    inDjango: isUsable && isActive && format !== 'scrypt',
    row: {
      username: byAddress ? email : username,
      email,
      ...(isUsable ? hashedBy(format, password, isFull) : { password: null }),
      groups,
      is_active: isActive,
      is_staff: isStaff,
      is_superuser: isSuperuser
    }
  }
}

function hashedBy(format: keyof typeof FORMATS, password: string, isFull: boolean): Partial<DjangoUser> {
  const hasher = FORMATS[format]
  if (!hasher) return { encoded: scrypt(password, isFull ? 2 ** 14 : 2 ** 6) }
  return { password, hasher: isFull ? `django.contrib.auth.hashers.${hasher}` : format }
}

/** What Django writes since 4.0. */
function scrypt(password: string, N: number): string {
  const salt = randomBytes(16).toString('hex')
  const digest = scryptSync(password, salt, 64, { N, r: 8, p: 1 }).toString('base64')
  return `scrypt$${N}$${salt}$8$1$${digest}`
}
