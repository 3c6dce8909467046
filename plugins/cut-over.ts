import fp from 'fastify-plugin'
import type { AppOptions } from '../src/app.ts'

/** Says at the start until when tokens of Django are accepted: whoever has their key can log in as anybody. */
export default fp<AppOptions>(
  async (server, { config, now }) => {
    if (config.authSimplejwtKey === undefined) return
    const day = new Date(config.authSimplejwtUntil).toISOString().slice(0, 10)
    server.log.warn(
      now() < config.authSimplejwtUntil
        ? `AUTH_SIMPLEJWT_KEY is set: until ${day} (00:00 UTC) whoever has that key can log in as any imported user`
        : `AUTH_SIMPLEJWT_UNTIL (${day}) is over: tokens of Django are refused. Remove AUTH_SIMPLEJWT_KEY`
    )
  },
  { name: 'cut-over' }
)
