import { type TProperties, Type } from 'typebox'
import { problem } from './problem.ts'

/** What a mail brought: the token of its link; or, where no link can be opened, the address and the code of the mail. */
const proof = {
  token: Type.Optional(Type.String({ description: 'What stands behind `#token=` in the link of the mail' })),
  email: Type.Optional(Type.String({ description: 'Instead of the token, with `code`: where the mail was sent to' })),
  code: Type.Optional(Type.String({ description: 'The code of the mail; five tries' }))
}

/** A body that proves to hold a mail, with further fields. */
export const proofBody = <Further extends TProperties>(title: string, further: Further, example: object) =>
  Type.Object(
    { ...proof, ...further },
    {
      title,
      additionalProperties: false,
      examples: [{ token: '9Xn4dRk1c0H5m3hPqgMfB8ZxT2sVwLyA7uJoE6iQbNc', ...example }]
    }
  )

/** A body that names the address to send a mail to. */
export const AddressBody = Type.Object(
  { email: Type.String({ description: 'E-mail address of the account' }) },
  { title: 'Address', additionalProperties: false, examples: [{ email: 'ada@example.com' }] }
)

/** The same answer whether or not there is an account with that address. */
export const Asked = Type.Object(
  { detail: Type.String() },
  { title: 'Asked', examples: [{ detail: 'If there is an account with this address, a mail is on its way.' }] }
)

/** What every route answers whose body is such a proof and nothing else, beside its success. */
export const proofProblems = [
  problem('validation_failed', {
    errors: { token: ['Give the token of the mailed link, or the email and the code of the mail.'] }
  }),
  'payload_too_large',
  'unsupported_media_type',
  'unavailable',
  'invalid_link',
  'rate_limited'
] as const
