import t from 'tap'
import { canonical, emailProblem, usernameProblem } from '../../src/core/identifiers.ts'

t.test('names that differ only by case, Unicode form or space around them are one name', t => {
  const same = [
    ['ada', 'Ada', 'ADA', ' ada ', '\u00a0ada\u3000', 'ａｄａ', '𝐚𝐝𝐚'],
    ['fiona', 'ﬁona', 'FIONA', 'ﬁONA'],
    ['strasse', 'straße', 'STRASSE', 'STRAẞE', 'straẞe'],
    ['ὀδυσσεύς', 'ὈΔΥΣΣΕΎΣ', 'ὀδυσσεύσ'],
    ['josé', 'jose\u0301', 'JOSE\u0301', 'JOSÉ'],
    ['kelvin', '\u212aelvin', 'KELVIN'],
    ['irem', 'ırem', 'IREM'],
    ['i\u0307rem', 'İrem', 'I\u0307REM'],
    ['한글', '\u1112\u1161\u11ab\u1100\u1173\u11af']
  ]
  for (const [first = '', ...others] of same)
    for (const other of others) t.equal(canonical(other), canonical(first), `${other} is ${first}`)
  t.equal(new Set(same.map(([first = '']) => canonical(first))).size, same.length)
  t.end()
})

t.test('the key of a name depends on no case and no form, for every letter there is', t => {
  const unstable: string[] = []
  for (let code = 0; code <= 0x1ffff; code++) {
    const name = `x${String.fromCodePoint(code)}x`
    if (!/[\p{L}\p{M}\p{N}]x/u.test(name)) continue
    const key = canonical(name)
    const spellings = [key, name.toUpperCase(), name.toLowerCase(), name.normalize('NFD'), name.normalize('NFKD')]
    if (spellings.some(spelling => canonical(spelling) !== key)) unstable.push(code.toString(16))
  }
  t.same(unstable, [])
  t.end()
})

t.test('usernames of any script are taken', t => {
  const names = 'a Ada.Lovelace_1815+x-y Zoë Jose\u0301 Ζωή Зоя आद 李 عائشة ﬁ १२३ 7'.split(' ')
  const longest = ['a'.repeat(150), '𝐚'.repeat(150)]
  t.same([...names, ...longest].filter(usernameProblem), [])
  t.end()
})

t.test('usernames hold nothing that cannot be seen, misleads or belongs to an address', t => {
  const signs = {
    controls: '\0\t\n\r\x1b\x7f\x85\u2028\u2029',
    'zero width': '\u200b\u200c\u200d\u2060\u2063\ufeff\u00ad',
    'bidi controls': '\u061c\u200e\u200f\u202a\u202e\u2066\u2069',
    'letters and marks shown as nothing': '\u034f\u115f\u1160\u17b4\u180b\u3164\uffa0\ufe0f\u{e0061}\u{e0100}',
    'no characters': '\udc00\ufffd\uffff\ue000',
    'spaces and signs': ' ¨\u2800@＠/\\<&"\'%:;,*|😀'
  }
  for (const [kind, each] of Object.entries(signs)) {
    const names = [...each].flatMap(sign => [sign, `${sign}ab`, `a${sign}b`, `ab${sign}`])
    t.same(
      names.filter(name => !usernameProblem(name)).map(name => JSON.stringify(name)),
      [],
      kind
    )
  }
  const lengths = ['', 'a'.repeat(151), 'ﷺ'.repeat(10)]
  t.same(
    lengths.filter(name => !usernameProblem(name)),
    [],
    'spelled out the ligature has 18 characters'
  )
  t.match(usernameProblem('ada@example.com'), /@/)
  t.end()
})

t.test('ordinary addresses are taken', t => {
  const addresses = "ada@example.com o'hara+tag@sub.example.co.uk a_b-c.d@xn--bcher-kva.example ada@localhost".split(
    ' '
  )
  const longest = [`${'a'.repeat(64)}@example.com`, `a@${'b'.repeat(63)}.com`, `a@${'b.'.repeat(125)}bb`]
  t.same([...addresses, ...longest].filter(emailProblem), [])
  t.end()
})

t.test('an address is one address that mail can carry', t => {
  const wrong = {
    list: ['a@example.com,b@example.com', 'a@example.com;b@example.com', 'a@b.com c@d.com', 'a@b@c.com'],
    'name or comment': ['Ada <ada@example.com>', '<a@example.com>', 'a(x)@example.com', 'mailto:a@example.com'],
    'header line': ['a@example.com\nBcc: e@e.com', 'a@example.com\r\n', 'a\n@example.com', '"a\r\nBcc: e@e.com"@b.com'],
    'quoted part': ['"a b"@example.com', '"a@b"@example.com', '"<b>"@b.com', '"\u202e"@b.com', '"\u200b"@b.com'],
    shape: ['', '@', 'ada', 'ada@', '@b.com', '.a@b.com', 'a.@b.com', 'a..b@c.com', 'a@b..com', 'a@-b.com', 'a@b.com.'],
    character: [
      'ädä@b.com',
      'a@bücher.com',
      'ａ@b.com',
      'a\u200b@b.com',
      'a\u202e@b.com',
      'a\ud800@b.com',
      'a@b\0.com'
    ],
    length: [`${'a'.repeat(65)}@b.com`, `a@${'b'.repeat(64)}.com`, `a@${'b.'.repeat(125)}bbb`]
  }
  for (const [what, addresses] of Object.entries(wrong)) {
    t.same(
      addresses.filter(address => !emailProblem(address)).map(address => JSON.stringify(address)),
      [],
      what
    )
  }
  t.end()
})
