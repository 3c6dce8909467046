import { logIn } from '../accounts.ts'
import type { Row } from '../figure.ts'
import { ask } from '../load/load.ts'
import type { Rates } from '../servers/verifying.ts'
import { settingsOf } from '../settings.ts'
import { median } from '../statistics.ts'

const LOGINS_EACH = 3

/** What a check costs a service that uses `postern/verify`: of a token seen before, and of a new one. */
export const verifier: Row = async ({ plan, postern }) => {
  const { port } = await postern()
  const tokens: string[] = []
  for (let n = 0; n < LOGINS_EACH; n++) for (const { access } of await logIn(port, plan.users)) tokens.push(access)
  const work = {
    issuer: settingsOf('').PUBLIC_URL,
    baseUrl: `http://127.0.0.1:${port}`,
    tokens,
    seconds: plan.seconds / 20
  }
  const rounds: Rates[] = []
  for (let round = 1; round <= plan.rounds; round++) {
    const rates = await ask<Rates>(new URL('../servers/verifying.ts', import.meta.url), work)
    const { seen, fresh, signatures } = rates
    const ratio = (signatures / fresh).toFixed(2)
    process.stderr.write(
      `  ${round}: seen ${(1e6 / seen).toFixed(2)} µs, new ${(1e6 / fresh).toFixed()} µs, ${ratio} raw\n`
    )
    rounds.push(rates)
  }
  const seen = 1e6 / median(rounds.map(rates => rates.seen))
  const fresh = 1e6 / median(rounds.map(rates => rates.fresh))
  const signature = 1e6 / median(rounds.map(rates => rates.signatures))
  return [
    {
      label: 'postern/verify, a token seen before',
      measured: `${seen.toFixed(2)} µs`,
      value: seen,
      unit: 'µs',
      most: 5,
      details: rounds
    },
    {
      label: 'postern/verify, a new token',
      measured: `${fresh.toFixed()} µs`,
      limit: `raw signature check: ${signature.toFixed()} µs`,
      value: median(rounds.map(rates => rates.signatures / rates.fresh)),
      unit: '',
      most: 1.3,
      details: rounds
    }
  ]
}
