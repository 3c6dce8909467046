/** Runs after all test files: searches what they left, says so, and fails the run when a secret is found. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { recordsFolder } from './records.ts'
import { searchRecords } from './whole-suite.ts'

const folder = recordsFolder()
const begun = performance.now()
if (existsSync(folder)) {
  const { leaks, secrets, lines, files, bytes } = searchRecords(folder)
  for (const leak of leaks) process.stdout.write(`not ok - a secret was written down: ${leak}\n`)
  const megabytes = (bytes / 2 ** 20).toFixed()
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  process.stdout.write(
    `# ${secrets} secrets of the tests were looked for in ${lines} lines of logs and in ${files} files (${megabytes} MB, ${seconds} s): ${leaks.length || 'nothing'} found\n`
  )
  process.exitCode = leaks.length > 0 ? 1 : 0
  if (leaks.length === 0) rmSync(folder, { recursive: true })
}

/** What runs left that were ended before they came to this. */
const runs = dirname(folder)
const isAlive = (pid: string) => existsSync(`/proc/${pid}`)
if (/records$/.test(runs) && existsSync(runs))
  for (const run of readdirSync(runs))
    if (/^\d+$/.test(run) && !isAlive(run)) rmSync(join(runs, run), { recursive: true, force: true })
