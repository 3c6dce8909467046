/**
 * Loaded before every test and every service that a test starts: records what is logged, stored, and secret, for the
 * search at the end of the run. Changes nothing that a test could notice.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { isMainThread } from 'node:worker_threads'
import type { FastifyInstance } from 'fastify'
import { recordDatabases } from './databases.ts'
import { logAtTrace } from './levels.ts'
import { createObserver } from './observer.ts'
import { recordOutput } from './output.ts'
import { createRecords, isStartedByTest } from './records.ts'

if (isMainThread) {
  const record = createRecords()
  const observer = createObserver(record)
  tracingChannel('pino_asJson').end.subscribe(message => {
    const { result } = message as { result: string }
    // Without a mail server the log is where the links of mails are found: that is its purpose.
    if (!result.includes('"no SMTP_URL: mail written to ')) record('log', result)
  })
  let hasService = false
  channel('fastify.initialization').subscribe(message => {
    const { fastify } = message as { fastify: FastifyInstance }
    if (!hasService) recordDatabases(record, observer)
    hasService = true
    logAtTrace(fastify.log)
    fastify.addHook('onReady', done => {
      observer.mails(fastify)
      done()
    })
    fastify.addHook('onSend', (request, reply, payload, done) => {
      observer.exchange(request, reply, payload)
      done(null, payload)
    })
  })
  observer.settings(process.env)
  if (isStartedByTest()) recordOutput(record)
}
