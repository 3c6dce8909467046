import { open } from './connection.ts'
import type { Sender } from './senders.ts'
import type { Task } from './task.ts'

/**
 * Sends on schedule, over whichever connection is free. Gives the milliseconds from the moment that each request was due,
 * whether or not a connection was free then, to its answer; rejects with the first fault.
 */
export function sendOnSchedule({ port, seconds, lead, rate = 1 }: Task, senders: Sender[]): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const countsFrom = begun + lead * 1000
    const endsAt = countsFrom + seconds * 1000
    const latencies: number[] = []
    const idle = senders.map(connect)
    let due = begun
    let waiting = 0

    function connect(sender: Sender) {
      let sentFor = 0
      const connection = open(port, onAnswer, reject)
      const free = { send, close: connection.close }
      function send(): void {
        sentFor = due
        waiting++
        connection.send(sender.next())
      }
      function onAnswer(body: string): void {
        sender.learn(body)
        if (sentFor >= countsFrom) latencies.push(performance.now() - sentFor)
        waiting--
        idle.push(free)
        if (waiting === 0 && due >= endsAt) finish()
      }
      return free
    }

    function dispatch(): void {
      const now = performance.now()
      for (; due <= now && due < endsAt && idle.length > 0; due += 1000 / rate) idle.shift()?.send()
      if (due < endsAt) setTimeout(dispatch, 1)
      else if (waiting === 0) finish()
    }

    function finish(): void {
      for (const { close } of idle) close()
      resolve(latencies)
    }
    dispatch()
  })
}
