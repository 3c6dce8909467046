import { Type } from 'typebox'
import { text } from './option-kinds.ts'

/** The settings of what is kept, and where. */
export const storeOptions = {
  databaseUrl: text(
    'Where data is kept: `sqlite:PATH`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST/DATABASE`',
    {
      default: 'sqlite:./data/postern.db',
      pattern: '^(sqlite:.+|postgres(ql)?://[^\\s]+)$',
      expected: 'sqlite:PATH, such as sqlite:./data/postern.db, or postgres://USER:PASSWORD@HOST/DATABASE'
    }
  ),
  databasePool: Type.Integer({
    default: 10,
    minimum: 2,
    maximum: 1000,
    description: 'Connections to Postgres at a time, for each instance; one more follows what other instances change',
    expected: 'a number such as 10'
  }),
  redisUrl: Type.Optional(
    text('Redis that counts for the limits of several instances together; without one each counts for itself', {
      pattern: '^rediss?://[^\\s]+$',
      expected: 'a URL such as redis://:password@redis.example.com:6379'
    })
  )
}
