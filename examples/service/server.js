// A service that checks the access tokens of a Postern elsewhere. Start Postern first, then this with `npm start`.
import Fastify from 'fastify'
import { createVerifier } from 'postern/verify'

const port = Number(process.env.PORT ?? 3000)
const app = Fastify({ logger: true })

const { guard } = createVerifier({
  // PUBLIC_URL of Postern. Its keys and its status lists are asked for there.
  issuer: process.env.AUTH_ISSUER ?? 'http://127.0.0.1:8000',
  // Where Postern is reached from here, if elsewhere: its name inside a cluster, say.
  baseUrl: process.env.AUTH_BASE_URL
})

// For anybody.
app.get('/', async () => ({ message: 'Log in at Postern, then come to /me with the access token.' }))

// For everybody who is logged in. Nobody is asked for it: the signature and the status list say all.
app.get('/me', { onRequest: guard.requireUser }, async request => {
  const { sub, username, roles } = guard.claims(request)
  return { id: sub, username, roles }
})

// For administrators only.
app.get('/admin', { onRequest: guard.requireRole('admin') }, async request => ({
  message: `Welcome to the back room, ${guard.claims(request).username}.`
}))

await app.listen({ port })
process.once('SIGTERM', () => app.close())
