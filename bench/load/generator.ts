import { sendAtOnce } from './closed.ts'
import { sendOnSchedule } from './paced.ts'
import { createSenders } from './senders.ts'
import type { Outcome, Task } from './task.ts'

const PATIENCE = 20_000

process.once('message', async (task: Task) => {
  const late = setTimeout(() => process.exit(1), (task.lead + task.seconds) * 1000 + PATIENCE)
  const outcome = await run(task).catch((fault: Error) => ({ fault: fault.message }))
  clearTimeout(late)
  process.send?.(outcome, () => process.exit())
})

function stayAwake(): void {
  setImmediate(stayAwake)
}

async function run(task: Task): Promise<Outcome> {
  const tokens = [...(task.chain?.tokens ?? [])]
  const senders = createSenders(task, tokens)
  if (task.awake) stayAwake()
  if (task.rate) {
    const latencies = await sendOnSchedule(task, senders)
    return { rate: latencies.length / task.seconds, latencies, tokens }
  }
  return { rate: (await sendAtOnce(task, senders)) / task.seconds, latencies: [], tokens }
}
