// An application with Postern inside. Start it with `npm start`, then open http://127.0.0.1:3000/auth/docs
import Fastify from 'fastify'
import postern from 'postern'

const port = Number(process.env.PORT ?? 3000)
const app = Fastify({ logger: true })

// The whole of Postern below /auth. Of it, the application sees `app.auth` and nothing else.
await app.register(postern, {
  prefix: '/auth',
  // Where clients reach it: the issuer of the tokens.
  publicUrl: `http://127.0.0.1:${port}/auth`,
  // Beside the database it makes the master secret, data/secret. Keep both, and keep both to yourself.
  databaseUrl: 'sqlite:./data/auth.db'
})

// For anybody.
app.get('/', async () => ({ message: 'Log in at /auth/docs, then come to /me with the access token.' }))

// For everybody who is logged in. What the token says is at hand, without a look at the database.
app.get('/me', { onRequest: app.auth.requireUser }, async request => {
  const { sub, username, roles } = app.auth.claims(request)
  return { id: sub, username, roles }
})

// For administrators only.
app.get('/admin', { onRequest: app.auth.requireRole('admin') }, async request => {
  return { message: `Welcome to the back room, ${app.auth.claims(request).username}.` }
})

// Requests in flight are answered, then Postern closes with the application.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())

await app.listen({ port })
