import { Type } from 'typebox'
import { choice, text } from './option-kinds.ts'

/** The settings of the move from Django, while its tokens are still out. */
export const simplejwtOptions = {
  authSimplejwtKey: Type.Optional(
    text('While moving from Django: the SIGNING_KEY (or, of an asymmetric algorithm, the VERIFYING_KEY) of SimpleJWT', {
      minLength: 8,
      expected: 'the SIGNING_KEY of SimpleJWT, which is the SECRET_KEY of Django unless it was set'
    })
  ),
  authSimplejwtAlgorithm: choice(
    ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'],
    'ALGORITHM of SimpleJWT'
  ),
  authSimplejwtUserIdClaim: text('USER_ID_CLAIM of SimpleJWT', { default: 'user_id', minLength: 1 }),
  authSimplejwtUntil: Type.Optional(
    text('When the tokens of Django are refused for good; needed with AUTH_SIMPLEJWT_KEY', {
      format: 'date',
      expected: 'a day (it begins at 00:00 UTC) such as 2027-03-01'
    })
  ),
  authSimplejwtAccess: choice(['off', 'on'], 'Whether access tokens of Django are accepted too, until they expire')
}
