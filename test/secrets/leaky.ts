/** A service that does what it is told on the command line, with the body of a login: keeps it to itself, logs it, stores it. */
import Sqlite from 'better-sqlite3'
import { buildServer } from '../../src/server.ts'

const [, , folder = '', does] = process.argv
const databaseUrl = `sqlite:${folder}/postern.db`
const app = buildServer({ databaseUrl, publicUrl: 'http://auth.test', authMetrics: 'on', logLevel: 'silent' })
app.addHook('preValidation', async ({ body, log }) => {
  if (does === 'logs') log.debug({ body }, 'a debugging hand')
})
const url = '/api/login/'
await app.inject({ method: 'POST', url, payload: { password: 'Pä"ss\\wörd that leaks' } })
await app.inject({ url: '/metrics' })
await app.close()
if (does === 'stores') {
  const kept = Buffer.from('{"password":"Pä"ss\\wörd that leaks"}').toString('base64url')
  new Sqlite(`${folder}/postern.db`).exec(`CREATE TABLE kept (text); INSERT INTO kept VALUES ('${kept}')`).close()
}
