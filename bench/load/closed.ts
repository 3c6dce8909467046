import { type Connection, open } from './connection.ts'
import type { Sender } from './senders.ts'
import type { Task } from './task.ts'

/**
 * Each connection sends its next request as soon as it has its answer. Gives the number of answers that came in the
 * time that counts; rejects with the first fault.
 */
export function sendAtOnce({ port, seconds, lead }: Task, senders: Sender[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const countsFrom = performance.now() + lead * 1000
    const endsAt = countsFrom + seconds * 1000
    let count = 0
    let busy = senders.length

    const begin = (sender: Sender) => {
      const connection: Connection = open(port, onAnswer, reject)
      function onAnswer(body: string): void {
        sender.learn(body)
        const now = performance.now()
        if (now < endsAt) {
          if (now >= countsFrom) count++
          connection.send(sender.next())
          return
        }
        connection.close()
        busy--
        if (busy === 0) resolve(count)
      }
      connection.send(sender.next())
    }
    senders.forEach(begin)
  })
}
