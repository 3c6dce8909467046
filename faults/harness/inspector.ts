import { once } from 'node:events'
import type { Service } from './service.ts'

/** Option of Node.js with which a service can be inspected, by this machine alone. */
export const INSPECTED = '--inspect=127.0.0.1:0'

/** A look into a running process. */
export interface Inspector {
  /** Frees what nothing refers to: what is left afterwards is held, and not only not yet collected. */
  collectGarbage(): Promise<void>
  /** Megabytes (2^20 bytes) of objects on the heap of V8. */
  heapMegabytes(): Promise<number>
  close(): void
}

/** Connects to a service that was started with {@link INSPECTED}. */
export async function inspectService({ output }: Service): Promise<Inspector> {
  const [url] = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(output()) ?? []
  if (!url) throw new Error('the service cannot be inspected')
  const socket = new WebSocket(url)
  await once(socket, 'open')
  let count = 0

  async function ask<Result>(method: string): Promise<Result> {
    const id = ++count
    socket.send(JSON.stringify({ id, method }))
    for (;;) {
      const [event] = await once(socket, 'message')
      const answer = JSON.parse(event.data)
      if (answer.id === id) return answer.result
    }
  }

  return {
    async collectGarbage() {
      await ask('HeapProfiler.collectGarbage')
    },
    async heapMegabytes() {
      const { usedSize } = await ask<{ usedSize: number }>('Runtime.getHeapUsage')
      return usedSize / 2 ** 20
    },
    close: () => socket.close()
  }
}
