import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Measurement } from '../comparison.ts'
import type { Server } from '../processes.ts'
import { processorSeconds } from '../usage.ts'
import type { Outcome, Task } from './task.ts'

/** Runs a task in a process of its own. Rejects when any answer is not a 200: a rate of errors is no rate. */
export async function load(task: Task): Promise<Outcome> {
  const outcome = await ask<Outcome | { fault: string }>(new URL('./generator.ts', import.meta.url), task)
  if ('fault' in outcome) throw new Error(`The load on port ${task.port} failed: ${outcome.fault}`)
  return outcome
}

/** The same, and how busy it kept the server. */
export async function measure({ port, pid }: Server, task: Omit<Task, 'port'>): Promise<Measurement & Outcome> {
  const before = await processorSeconds(pid)
  const outcome = await load({ ...task, port })
  return { ...outcome, busy: ((await processorSeconds(pid)) - before) / (task.lead + task.seconds) }
}

/** Forks a script, sends it one message and gives its answer. */
export async function ask<Answer>(script: URL, message: object): Promise<Answer> {
  const child = fork(script)
  const answered = once(child, 'message') as Promise<[Answer]>
  const ended = once(child, 'exit')
  child.send(message)
  const early = ended.then(([code]) => Promise.reject(new Error(`${script.pathname} ended with ${code}`)))
  const [answer] = await Promise.race([answered, early])
  await ended
  return answer
}
