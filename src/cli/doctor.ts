import { readEnvironment, resolveConfig } from '../config.ts'
import { lookAtDisk } from '../disk.ts'
import { StartError } from '../errors.ts'
import { checkDatabase } from './doctor-database.ts'
import { checkExposure } from './doctor-exposure.ts'
import { checkFolders } from './doctor-folders.ts'
import { checkMail } from './doctor-mail.ts'
import { checkReach } from './doctor-reach.ts'
import { checkRedis } from './doctor-redis.ts'
import { checkSecret } from './doctor-secret.ts'
import { checkSettings } from './doctor-settings.ts'
import type { Finding } from './finding.ts'
import { print } from './print.ts'

/** Prints what a look at the deployment found; 1 when something failed. Changes nothing. */
export async function doctor(): Promise<number> {
  let failed = false
  async function* lines() {
    for await (const [level, text] of findings()) {
      failed ||= level === 'fail'
      yield `${level.padEnd(4)}  ${text.replaceAll('\n', '\n      ')}`
    }
  }
  await print(lines())
  return failed ? 1 : 0
}

async function* findings(): AsyncGenerator<Finding> {
  yield ['ok', `Node.js ${process.versions.node}`]
  try {
    const options = readEnvironment(process.env)
    const config = resolveConfig(options)
    yield ['ok', 'the settings are valid']
    yield* checkSettings(config, options)
    yield* checkExposure(config)
    yield* checkFolders(config)
    for (const { isLow, text } of lookAtDisk(config)) yield [isLow ? 'warn' : 'ok', text]
    const keys = yield* checkDatabase(config)
    yield* checkSecret(config, keys)
    yield* checkMail(config)
    yield* checkRedis(config)
    yield* checkReach(config)
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    yield ['fail', error.message]
  }
}
