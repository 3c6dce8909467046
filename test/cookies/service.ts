import type { Test } from 'tap'
import type { Options } from '../../src/config.ts'
import { build, client, testClock } from '../helper.ts'
import { browser } from './jar.ts'

export const ACCESS = '__Host-postern_access'
export const REFRESH = '__Host-postern_refresh'

/** The service at https, with the user ada and her browser. */
export async function service(t: Test, options: Options = {}) {
  const clock = testClock()
  const app = await build(t, { publicUrl: 'https://auth.test', ...options }, { now: clock.now })
  const http = client(app)
  await http.register()
  return { app, clock, http, ada: browser(app) }
}
