import { json, type Make, password, urlencoded } from './sides.ts'

const OBTAIN = '/api/token/'
const MULTIPART = 'multipart/form-data; boundary=line'

const login =
  (fields: object): Make =>
  () =>
    json(OBTAIN, { username: 'ada', password, ...fields })
const raw =
  (body: string | Buffer | undefined, type: string | undefined = 'application/json'): Make =>
  () => ({ path: OBTAIN, type, body })
const form = (fields: string): Make => raw(fields, urlencoded)
const method =
  (name: string, path = OBTAIN): Make =>
  () => ({ path, method: name })
const asking =
  (headers: Record<string, string>, path = OBTAIN): Make =>
  () => ({ ...json(path, { username: 'ada', password }), headers })
const part = (name: string, value: string, more = '') =>
  `--line\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`

/** Logins, good and bad, by a name that says what is special about each; and other methods. */
export const logins: Record<string, Make> = {
  login: login({}),
  'login, urlencoded': form('username=ada&password=correct+horse'),
  'login, urlencoded, a field twice': form('username=x&username=ada&password=correct%20horse'),
  'login, urlencoded, a blank field': form('username=&password=x'),
  'login, urlencoded, a field missing': form('password=x'),
  'login, urlencoded with a charset': raw('username=ada&password=correct+horse', `${urlencoded}; charset=utf-8`),
  'login, multipart': raw(`${part('username', 'ada')}${part('password', password)}--line--\r\n`, MULTIPART),
  'login, multipart, a file for a field': raw(
    `${part('username', 'ada', '; filename="a.txt"')}${part('password', password)}--line--\r\n`,
    MULTIPART
  ),
  'login, multipart without a boundary': raw(part('username', 'ada'), 'multipart/form-data'),
  'login, multipart, empty': raw('', MULTIPART),
  'login, JSON with a charset': raw(JSON.stringify({ username: 'ada', password }), 'application/json; charset=utf-8'),
  'login, JSON in ISO 8859-1': raw(
    Buffer.from(JSON.stringify({ username: 'zoë', password }), 'latin1'),
    'application/json; charset=iso-8859-1'
  ),
  'login, JSON with an unknown charset': raw(
    JSON.stringify({ username: 'zoë', password }),
    'application/json;charset=x'
  ),
  'login, type in capitals': raw(JSON.stringify({ username: 'ada', password }), 'Application/JSON'),
  'login, white space around the username': login({ username: ' \t ada \u2003' }),
  'login, other white space around the username': login({ username: '\u001cada\u0085' }),
  'login, a byte order mark before the username': login({ username: '\ufeffada' }),
  'login, white space around the password': login({ password: ` ${password}\n` }),
  'login, a number for a username': login({ username: 100 }),
  'login, a number with an exponent for a username': raw(`{"username":1e2,"password":"${password}"}`),
  'login, a field twice': raw(`{"username":"x","username":"ada","password":"${password}"}`),
  'login, fields that nobody knows': login({ remember: true, token: null }),
  'login, a field named __proto__': raw(`{"__proto__":{"a":1},"username":"ada","password":"${password}"}`),
  'login, with a token that is no token': asking({ authorization: 'Bearer x' }),
  'login, wrong password': login({ password: 'wrong horse' }),
  'login, unknown user': login({ username: 'nobody' }),
  'login, disabled user': async side => {
    await side.disable('left')
    return json(OBTAIN, { username: 'left', password })
  },
  'login, an address for the username': login({ username: 'ada@example.com' }),
  'login, the username in capitals': login({ username: 'ADA' }),
  'login, no username': () => json(OBTAIN, { password }),
  'login, no password': () => json(OBTAIN, { username: 'ada' }),
  'login, no fields': () => json(OBTAIN, {}),
  'login, username null': login({ username: null }),
  'login, password null': login({ password: null }),
  'login, username blank': login({ username: '' }),
  'login, password blank': login({ password: '' }),
  'login, password of white space': login({ password: ' \n' }),
  'login, both blank': login({ username: ' ', password: '' }),
  'login, username a boolean': login({ username: true }),
  'login, password a boolean': login({ password: false }),
  'login, username a list': login({ username: ['ada'] }),
  'login, username an empty list': login({ username: [] }),
  'login, password an object': login({ password: { a: 1 } }),
  'login, U+0000 in the username': login({ username: 'a\0da' }),
  'login, U+0000 in the password': login({ password: 'a\0b' }),
  'login, half a surrogate pair': raw('{"username":"\\ud83d","password":"\\udE00x"}'),
  'login, U+0000 and half a surrogate pair': raw('{"username":"\\u0000\\ud800","password":"x"}'),
  'login, the body a list': raw('[]'),
  'login, the body a full list': raw('[{"username":"ada"}]'),
  'login, the body a text': raw('"x"'),
  'login, the body an integer': raw('7'),
  'login, the body a fraction': raw('7.5'),
  'login, the body a boolean': raw('true'),
  'login, the body null': raw('null'),
  'login, empty body': raw(''),
  'login, empty body of an unknown type': raw('', 'text/plain'),
  'login, no body': raw(undefined, ''),
  'login, no JSON': raw('{'),
  'login, JSON cut off': raw('{"username":"ada",'),
  'login, JSON in single quotes': raw("{'username':'ada'}"),
  'login, not a number': raw('NaN'),
  'login, bytes that are not UTF-8': raw(Buffer.from([0x22, 0xff, 0x22])),
  'login, a byte order mark': raw('\ufeff{}'),
  'login, plain text': raw('x', 'text/plain'),
  'login, plain text with a charset': raw('x', 'text/plain;charset=UTF-8'),
  'login, XML': raw('<a/>', 'application/xml'),
  'login, another kind of JSON': raw('{}', 'application/vnd.api+json'),
  'login, a body without a type': raw('{}', ''),
  'login, a body of 65 KiB': login({ more: 'x'.repeat(65 * 1024) }),
  'login, without the slash at the end': asking({}, '/api/token'),
  'login, HTML wanted': asking({ accept: 'text/html' }),
  'login, CSV wanted': asking({ accept: 'text/csv' }),
  'login, XML wanted by the query': asking({}, `${OBTAIN}?format=xml`),
  'GET of login': method('GET'),
  'HEAD of login': method('HEAD'),
  'PUT of login': method('PUT'),
  'PATCH of login': method('PATCH'),
  'DELETE of login': method('DELETE'),
  'OPTIONS of login': method('OPTIONS'),
  'GET of refresh': method('GET', '/api/token/refresh/'),
  'GET of verify': method('GET', '/api/token/verify/'),
  'GET of blacklist': method('GET', '/api/token/blacklist/')
}
