import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { experiments } from './experiments/index.ts'
import { type Experiment, emptyOutcome, held, type Outcome } from './harness/experiment.ts'
import { missing } from './harness/needs.ts'
import { createRandom } from './harness/random.ts'
import { complaints, line, type Result, table } from './harness/report.ts'

const { values } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: experiments.map(({ name }) => name) },
    trials: { type: 'string' },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'string' },
    markdown: { type: 'boolean', default: false }
  }
})
if (values.list) {
  for (const { name, title, holds, needs = [] } of experiments)
    console.log(`${name}: ${title}. Must hold: ${holds}.${needs.length > 0 ? ` Needs ${needs.join(', ')}.` : ''}`)
  process.exit()
}
const unknown = values.only.filter(name => !experiments.some(experiment => experiment.name === name))
const numbers = [values.trials ?? '1', values.minutes, values.seed].map(Number)
if (unknown.length > 0 || numbers.some(number => !(number >= 0))) {
  const names = experiments.map(({ name }) => name).join(', ')
  process.stderr.write(`Unknown: ${unknown.join(', ') || 'a number'}. Experiments: ${names}\n`)
  process.exit(2)
}

/** Not the system's folder for temporary files: that is in memory on many machines, where an fsync costs nothing. */
const cache = fileURLToPath(new URL('../node_modules/.cache/faults/', import.meta.url))
await mkdir(cache, { recursive: true })
const say = (text: string) => process.stderr.write(`${text}\n`)
const chosen = experiments.filter(({ name }) => values.only.includes(name))
const results: Result[] = []
for (const experiment of values.quick ? chosen.filter(({ quick }) => quick > 0) : chosen) {
  const result = await carryOut(experiment)
  results.push(result)
  say(line(result))
  for (const complaint of complaints(result)) say(`  ${complaint}`)
}
const summary = `Seed ${values.seed}, ${new Date().toISOString().slice(0, 10)}, Node.js ${process.version}.`
const skipped = results.filter(({ outcome }) => !outcome).length
console.log(`${table(results)}${values.markdown ? `\n\n${summary}` : ''}`)
if (skipped > 0) say(`${skipped} of ${results.length} experiments were skipped.`)
if (values.json) await writeFile(values.json, `${JSON.stringify({ seed: values.seed, results }, undefined, 2)}\n`)
process.exit(results.every(({ outcome }) => !outcome || held(outcome)) ? 0 : 1)

async function carryOut(experiment: Experiment): Promise<Result> {
  const lacking = missing(experiment.needs)
  if (lacking.length > 0) return { experiment, missing: lacking, seconds: 0 }
  const trials = Number(values.trials ?? (values.quick ? experiment.quick : experiment.trials))
  say(`${experiment.name}: ${trials} trials, seed ${values.seed}`)
  const folder = await mkdtemp(cache)
  const began = performance.now()
  const random = createRandom(Number(values.seed))
  const context = {
    trials,
    folder,
    random,
    minutes: Number(values.minutes),
    slack: 1,
    say: (text: string) => say(`  ${text}`)
  }
  const outcome: Outcome = await experiment.run(context).catch(error => ({
    ...emptyOutcome(),
    violations: [`it could not be carried out: ${(error as Error).stack}`]
  }))
  await rm(folder, { recursive: true, force: true })
  return { experiment, missing: [], seconds: (performance.now() - began) / 1000, outcome }
}
