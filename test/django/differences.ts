/** What SimpleJWT and Postern answer differently, and why. Nothing else differs: a test compares them. */
export interface Difference {
  title: string
  why: string
  /** The answers by the name of the request: SimpleJWT's, then Postern's. */
  answers: Record<string, [django: string, postern: string]>
}

const EITHER = '401 {"detail":"Token is invalid or expired","code":"token_not_valid"}'
const INVALID = '401 {"detail":"Token is invalid","code":"token_not_valid"}'
const EXPIRED = '401 {"detail":"Token is expired","code":"token_not_valid"}'
const BLACKLISTED = '401 {"detail":"Token is blacklisted","code":"token_not_valid"}'
const REFUSED = '401 {"detail":"No active account found with the given credentials"}'
const LOGGED_IN = '200 {"refresh":"(token)","access":"(token)"}'
const REFRESHED = '200 {"access":"(token)","refresh":"(token)"}'
const UNREADABLE = '400 {"detail":"JSON parse error - The body is not what its type says."}'
const NO_USER = '401 {"detail":"No active account found for the given token."}'
const BLACKLISTED_VERIFIED = '400 {"non_field_errors":["Token is blacklisted"]}'

/** All differences in what is sent for one request but not for another. */
export const differences: Difference[] = [
  {
    title: 'The sentence for a refused token',
    why: 'SimpleJWT says since 5.5 whether a token is invalid or expired; Debian has 5.2, which says the same of both. Postern speaks as 5.5 does.',
    answers: {
      'refresh, expired': [EITHER, EXPIRED],
      'refresh, an expired access token': [EITHER, EXPIRED],
      'refresh, forged': [EITHER, INVALID],
      'refresh, a forged access token': [EITHER, INVALID],
      'refresh, unsigned': [EITHER, INVALID],
      'refresh, cut off': [EITHER, INVALID],
      'refresh, without its signature': [EITHER, INVALID],
      'refresh, no token at all': [EITHER, INVALID],
      'refresh, dots': [EITHER, INVALID],
      'refresh, letters that no token has': [EITHER, INVALID],
      'refresh, a long text': [EITHER, INVALID],
      'refresh, a number': [EITHER, INVALID],
      'verify, expired': [EITHER, EXPIRED],
      'verify, an expired refresh token': [EITHER, EXPIRED],
      'verify, forged': [EITHER, INVALID],
      'verify, unsigned': [EITHER, INVALID],
      'verify, cut off': [EITHER, INVALID],
      'verify, no token at all': [EITHER, INVALID],
      'blacklist, expired': [EITHER, EXPIRED],
      'blacklist, forged': [EITHER, INVALID],
      'blacklist, no token at all': [EITHER, INVALID]
    }
  },
  {
    title: 'The user is disabled or gone',
    why: 'Before 5.4 SimpleJWT refreshes the tokens of users who may not log in any more. Postern answers as 5.5 does to a disabled user; of a user who is gone 5.5.1 says 500, and later versions what Postern says.',
    answers: {
      'refresh, of a disabled user': [REFRESHED, NO_USER],
      'refresh, of a user who is gone': [REFRESHED, NO_USER]
    }
  },
  {
    title: 'A token that was spent a moment ago',
    why: 'Within AUTH_REFRESH_GRACE (10s) a spent refresh token counts as the one before the current: it returns the same successor once more, so that a lost answer or a second tab logs nobody out. With AUTH_REFRESH_GRACE=0 Postern answers as SimpleJWT does.',
    answers: {
      'refresh, spent a moment ago': [BLACKLISTED, REFRESHED],
      'verify, spent a moment ago': [BLACKLISTED_VERIFIED, '200 {}'],
      'blacklist, spent a moment ago': [BLACKLISTED, '200 {}']
    }
  },
  {
    title: 'A token that is sent twice ends the session',
    why: 'After that time one of the two holders of a spent token is a thief (RFC 9700 section 4.14.2). Both answer that the token is blacklisted; in Postern the tokens that came of it are refused from then on, too.',
    answers: {
      'refresh, the successor of one that was sent twice': [REFRESHED, BLACKLISTED]
    }
  },
  {
    title: 'The end of a session ends its access tokens',
    why: 'SimpleJWT blacklists refresh tokens only. In Postern a blacklisted refresh token ends its session, and access tokens of that are refused at once.',
    answers: {
      'verify, the access token of an ended session': ['200 {}', BLACKLISTED_VERIFIED]
    }
  },
  {
    title: 'More names lead to an account',
    why: 'Usernames are equal without regard to case, Unicode form and white space, and an e-mail address is as good. Import reports names that only Django tells apart.',
    answers: {
      'login, a byte order mark before the username': [REFUSED, LOGGED_IN],
      'login, an address for the username': [REFUSED, LOGGED_IN],
      'login, the username in capitals': [REFUSED, LOGGED_IN]
    }
  },
  {
    title: 'Numbers with an exponent',
    why: 'Where a text is wanted a number is taken for one by both; Python writes `100.0` for `1e2`, JavaScript `100`. Whole numbers without an exponent are alike up to 2^53.',
    answers: {
      'login, a number with an exponent for a username': [REFUSED, LOGGED_IN]
    }
  },
  {
    title: 'What is wrong with a body that cannot be read',
    why: "The words after `parse error -` are those of a parser. Postern's are always the same, for a parser may quote the body, and a password with it.",
    answers: {
      'login, multipart without a boundary': [
        '400 {"detail":"Multipart form parse error - Invalid boundary in multipart: None"}',
        '400 {"detail":"Multipart form parse error - The body is not what its type says."}'
      ],
      'login, no JSON': [
        '400 {"detail":"JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}',
        UNREADABLE
      ],
      'login, JSON cut off': [
        '400 {"detail":"JSON parse error - Expecting property name enclosed in double quotes: line 1 column 19 (char 18)"}',
        UNREADABLE
      ],
      'login, JSON in single quotes': [
        '400 {"detail":"JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}',
        UNREADABLE
      ],
      'login, not a number': [
        `400 {"detail":"JSON parse error - Out of range float values are not JSON compliant: 'NaN'"}`,
        UNREADABLE
      ],
      'login, bytes that are not UTF-8': [
        `400 {"detail":"JSON parse error - 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"}`,
        UNREADABLE
      ],
      'login, a byte order mark': [
        '400 {"detail":"JSON parse error - Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"}',
        UNREADABLE
      ]
    }
  },
  {
    title: 'Tokens that only the holder of the key could make',
    why: 'Signed with the right key, but with other claims than any token has. Postern tells of no token that it did not issue what it lacks.',
    answers: {
      'refresh, another kind of token': ['401 {"detail":"Token has wrong type","code":"token_not_valid"}', INVALID],
      'refresh, without a kind': ['401 {"detail":"Token has no type","code":"token_not_valid"}', INVALID],
      'refresh, without an end': [`401 {"detail":"Token has no 'exp' claim","code":"token_not_valid"}`, INVALID]
    }
  },
  {
    title: 'A body without a type',
    why: 'The server of Python that runs the reference calls it text/plain; others, gunicorn among them, leave it empty as Postern does.',
    answers: {
      'login, a body without a type': [
        '415 {"detail":"Unsupported media type \\"text/plain\\" in request."}',
        '415 {"detail":"Unsupported media type \\"\\" in request."}'
      ]
    }
  },
  {
    title: 'Large bodies',
    why: 'Postern reads 64 KiB at most; no token and no password is that long.',
    answers: {
      'login, a body of 65 KiB': [LOGGED_IN, '413 {"detail":"The request body is larger than 64 KiB."}']
    }
  },
  {
    title: 'The slash at the end',
    why: 'It is optional in Postern. Django redirects to the path with the slash (and a client that follows sends a GET), or answers 404 or 500, depending on APPEND_SLASH and DEBUG.',
    answers: {
      'login, without the slash at the end': [
        '301; content-type: text/html; charset=utf-8; location: /api/token/; no allow; no vary',
        LOGGED_IN
      ]
    }
  },
  {
    title: 'Nothing but JSON',
    why: 'Postern has no browsable API, and does not look at Accept or at `format` in the query.',
    answers: {
      'login, HTML wanted': ['200 a page; content-type: text/html; charset=utf-8; vary: Accept, Cookie', LOGGED_IN],
      'login, CSV wanted': ['406 {"detail":"Could not satisfy the request Accept header."}', LOGGED_IN],
      'login, XML wanted by the query': ['404 {"detail":"Not found."}', LOGGED_IN]
    }
  },
  {
    title: 'OPTIONS',
    why: 'Postern describes a path in words of its own, and leaves the fields to its OpenAPI document.',
    answers: {
      'OPTIONS of login': [
        '200 {"name":"(words)","description":"(words)","renders":["application/json","text/html"],"parses":["application/json","application/x-www-form-urlencoded","multipart/form-data"],"actions":{"POST":{"username":{"type":"string","required":true,"read_only":false,"label":"Username"},"password":{"type":"string","required":true,"read_only":false,"label":"Password"}}}}',
        '200 {"name":"(words)","description":"(words)","renders":["application/json"],"parses":["application/json","application/x-www-form-urlencoded","multipart/form-data"]}'
      ]
    }
  }
]

/** Other header fields: on every answer of Postern, or not the same on both sides. */
export const headers = {
  postern: ['cache-control', 'content-security-policy', 'cross-origin-resource-policy', 'x-request-id'],
  unlike: ['referrer-policy']
}
