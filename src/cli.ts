#!/usr/bin/env node
import { runtimeProblem } from './runtime.ts'

const problem = runtimeProblem()
if (problem) {
  process.stderr.write(`postern: ${problem}\n`)
  process.exitCode = 1
} else {
  // Only now: what this imports does not even link on an older Node.js, and its native parts crash there.
  const { main } = await import('./cli/main.ts')
  process.exitCode = await main(process.argv.slice(2))
}
