/** The identity headers as somebody may write them who hopes that proxy and application read names differently. */
export const SPELLINGS = [
  'Remote-User',
  'REMOTE-USER',
  'remote-user',
  'rEmOtE-uSeR',
  'Remote_User',
  'REMOTE_USER',
  'remote_user',
  'Remote-Email',
  'Remote_Email',
  'Remote-Groups',
  'Remote-Groups',
  'Remote_Groups',
  'X-Auth-User-Id',
  'X_Auth_User_Id',
  'X-Auth_User-Id',
  'X_AUTH-USER_ID',
  'X-Auth-Session-Id',
  'X-Auth-Session_Id',
  'X_Auth_Session_Id'
]

/** Paths that a proxy must not take for something under /public/ while an application finds /private/ in them. */
export const TRICKS = [
  '/private',
  '/private/',
  '/Private/x',
  '/PRIVATE/x',
  '/%70rivate/x',
  '/%70%72%69%76%61%74%65/x',
  '/private?/public/',
  '/private#/public/',
  '/private/x?x=/public/',
  '/public',
  '/public?/../private/x',
  '/publicprivate',
  '/Public/x'
]

/** Paths that two programs read in two ways; none of them comes through, with a token or without. */
export const AMBIGUOUS = [
  '/public/../private/x',
  '/public/./../private/x',
  '/public/..',
  '/public/x/../../private/x',
  '/public/%2e%2e/private/x',
  '/public/.%2e/private/x',
  '/public/%2E%2E/private/x',
  '/public/%2e%2e%2fprivate/x',
  '/public/..%2fprivate/x',
  '/public/..%2Fprivate/x',
  '/public%2f..%2fprivate/x',
  '/public/%252e%252e/private/x',
  '/public/..%252fprivate/x',
  '/public/..%5cprivate/x',
  '/public/..\\private/x',
  '/public\\..\\private/x',
  '/public/..;/private/x',
  '/public/..;a=b/private/x',
  '/public;/../private/x',
  '/public/%3b/../private/x',
  '/private;x/y',
  '//private/x',
  '/public//../private/x',
  '/public//../../private/x',
  '///public/../private/x',
  '/public/..//private/x',
  '/./private/x',
  '/public/%00/../private/x',
  '/private%00/x',
  '/private%2fx',
  '/public/../',
  '/..'
]

/** Whether an application that reads a path in any of the usual ways would find what is private. */
export function opensPrivate(url: string): boolean {
  const path = url.split(/[?#]/, 1)[0] ?? ''
  return readings(path).some(read => read.startsWith('/private'))
}

function readings(path: string): string[] {
  const decoded = [path, decode(path), decode(decode(path))]
  return decoded
    .flatMap(one => [one, one.replaceAll('\\', '/')])
    .flatMap(one => [one, one.replace(/;[^/]*/g, '')])
    .flatMap(one => [one, one.replace(/\/+/g, '/')])
    .map(one => new URL(one.replace(/^\/+/, '/'), 'http://x').pathname.toLowerCase())
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
