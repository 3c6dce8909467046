import { writeSync } from 'node:fs'
import { buildServer } from '../../src/server.ts'
import { mailFrom, notice, queue } from './mails.ts'

/** A service of its own process: `child.ts DATABASE_URL SMTP_URL COUNT` queues that many mails, says so, and works until it is killed. */
const [databaseUrl = '', smtpUrl = '', count = ''] = process.argv.slice(2)
const app = buildServer({ databaseUrl, smtpUrl, mailFrom, publicUrl: 'http://auth.test', logLevel: 'silent' })
await app.ready()
await queue(app, ...Array.from({ length: Number(count) }, (_, at) => notice(`user${at}@example.com`)))
writeSync(1, 'queued\n')
setInterval(() => {}, 60_000)
