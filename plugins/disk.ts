import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'
import { lookAtDisk } from '../src/disk.ts'
import { createDiskWatch } from '../src/disk-watch.ts'

const EVERY_MS = 60_000

/** Warns in the log before the disk is full, while somebody can still do something about it. */
export default fp<AppOptions>(
  async (server, { config, now }) => {
    const look = createDiskWatch({ look: () => lookAtDisk(config), warn: text => server.log.warn(text), now })
    let timer: NodeJS.Timeout | undefined
    server.addHook('onReady', async () => {
      timer = setInterval(look, EVERY_MS).unref()
    })
    server.addHook('onClose', async () => clearInterval(timer))
  },
  { name: 'disk' }
)
