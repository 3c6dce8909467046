import type { TSchema } from 'typebox'

/** A success response: its body, what it means on this route, and the headers that come along. */
export const success = <Body extends TSchema>(body: Body, description: string, headers?: Record<string, TSchema>) => ({
  ...body,
  // The body keeps its own description, so that it reads the same on every route that answers with it.
  'x-response-description': description,
  ...(headers && { headers })
})
