import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../harness/client.ts'

/** A write waits so long for the lock. */
const GIVES_UP_MS = 2_000
/** What hashing a password and a busy machine may add. */
const SLACK_MS = 1_500
const PASSWORD = 'correct horse'

export interface Registrations {
  /** How many were refused because of the lock. */
  refused: number
  violations: string[]
}

/** Registers the same people again and again until `isOver`, as clients do that were told to try again later. */
export async function keepRegistering(client: Client, names: string[], isOver: () => boolean): Promise<Registrations> {
  const found: Registrations = { refused: 0, violations: [] }
  const register = (name: string) => client.register(name, `${name}@example.com`, PASSWORD)

  async function one(name: string): Promise<void> {
    for (;;) {
      const { status, ms } = await register(name)
      if (status === 201) break
      if (status !== 503) return void found.violations.push(`a registration was answered with ${status}`)
      if (ms > GIVES_UP_MS + SLACK_MS) found.violations.push(`a registration had to wait ${Math.round(ms)} ms`)
      if (isOver()) found.violations.push('a registration was refused after the lock was gone')
      found.refused += 1
      await sleep(50)
    }
    const again = await register(name)
    if (again.status !== 400) found.violations.push(`${name} twice: ${again.status}`)
    const login = await client.login(name, PASSWORD)
    if (login.status !== 200) found.violations.push(`a login after a registration: ${login.status}`)
  }

  await Promise.all(names.map(one))
  return found
}
