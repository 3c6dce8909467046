import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { count, type Row } from '../figure.ts'

const script = fileURLToPath(new URL('../load/addresses.ts', import.meta.url))

/** How much a process grows at most while a limit counts requests of millions of addresses, each another client. */
export const addresses: Row = async ({ plan }) => {
  const many = plan.quick ? 100_000 : 10_000_000
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=4', script, `${many}`])
  const told: { counted: number; growth: number; peak: number } = JSON.parse(stdout)
  if (told.counted !== many) throw new Error(`${told.counted} of ${many} addresses were counted as new clients`)
  return [
    {
      label: `Resident memory that a limit takes for ${count(many)} addresses`,
      measured: `${told.peak.toFixed(1)} MB`,
      value: told.peak,
      unit: 'MB',
      most: 50,
      details: told
    }
  ]
}
