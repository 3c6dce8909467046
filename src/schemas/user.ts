import { Type } from 'typebox'
import { type ProfileFields, shownProfile } from './profile.ts'

const nullableText = (options: object) => Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })

/** A user, as the user and administrators see it; its profile is the one that the profile schema declares. */
export const userWith = (profile: ProfileFields) =>
  Type.Object(
    {
      id: Type.String({ format: 'uuid', description: 'UUIDv7; the `sub` of access tokens' }),
      username: Type.String({ description: 'As it was entered' }),
      email: nullableText({ description: 'As it was entered' }),
      email_verified: Type.Boolean({ description: 'Whether the address was proven' }),
      roles: Type.Array(Type.String(), { description: 'What the user may do' }),
      profile: Type.Unsafe<Record<string, unknown>>(shownProfile(profile)),
      created_at: Type.String({ format: 'date-time', description: 'UTC' }),
      last_login_at: nullableText({ format: 'date-time', description: 'UTC; null before the first login' })
    },
    {
      title: 'User',
      description: 'An account, without its secrets',
      examples: [
        {
          id: '019b0d2e-7c1a-7b3e-9a55-0c6f1f6d2a10',
          username: 'ada',
          email: 'ada@example.com',
          email_verified: false,
          roles: [],
          profile: {},
          created_at: '2026-01-31T12:00:00.000Z',
          last_login_at: null
        }
      ]
    }
  )

/** A user where there is no profile schema. */
export const User = userWith({ fields: {}, required: [], isDeclared: false })
