import Fastify from 'fastify'
import { TokenPair } from '../../src/schemas/tokens.ts'
import { User } from '../../src/schemas/user.ts'
import { greeting, pair } from './answers.ts'

const server = Fastify()
const message = { type: 'string' }
const schema = { response: { 200: { type: 'object', properties: { message, user: User } } } }

// The limit of what Postern could reach: Fastify, JSON in and out through schemas, and nothing else.
server.get('/bare', { schema }, async () => greeting)
server.post('/bare', { schema: { response: { 200: TokenPair } } }, async () => pair)
await server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
process.once('SIGTERM', () => server.close())
