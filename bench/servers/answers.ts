const characters = (count: number) => 'x'.repeat(count)

/** What a bare GET answers: fields and sizes of GET /api/protected/. */
export const greeting = {
  message: 'Hello, user-042.',
  user: {
    id: '019b0d2e-7c1a-7b3e-9a55-0c6f1f6d2a10',
    username: 'user-042',
    email: 'user-042@example.com',
    email_verified: false,
    roles: [],
    profile: {},
    created_at: '2026-01-31T12:00:00.000Z',
    last_login_at: '2026-01-31T12:00:00.000Z'
  }
}

/** What a bare POST answers: fields and sizes of a token pair. */
export const pair = { access: characters(735), refresh: characters(392), token_type: 'Bearer', expires_in: 300 }
