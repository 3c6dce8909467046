import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { askTwice, firstLine } from '../../src/cli/password.ts'

/** A terminal on which somebody types; `shown` is all that its owner sees. */
function terminal(...typed: string[]) {
  const input = new PassThrough()
  const output = new PassThrough({ encoding: 'utf8' })
  const answer = askTwice(input, output)
  void (async () => {
    for (const keys of typed) {
      await sleep(5)
      input.write(keys)
    }
  })()
  return { answer, shown: () => output.read() as string }
}

const refused = (problem: RegExp) => ({ code: 'validation_failed', errors: { password: [problem] } })

t.test('a password is asked for twice and shown nowhere', async t => {
  const { answer, shown } = terminal('correct horsx\u007fe\r', 'correct horse\r')
  t.equal(await answer, 'correct horse')
  t.equal(shown(), 'Password: \nOnce more: \n')
})

t.test('both lines may come at once', async t => {
  t.equal(await terminal('correct horse\rcorrect horse\r').answer, 'correct horse')
})

t.test('two different passwords are refused', async t => {
  await t.rejects(terminal('correct horse\r', 'correct hearse\r').answer, refused(/not the same/))
})

t.test('Ctrl-C and Ctrl-D cancel', async t => {
  for (const key of ['\u0003', '\u0004']) await t.rejects(terminal(key).answer, refused(/Cancelled/))
  await t.rejects(terminal('correct horse\r', 'corr\u0003').answer, refused(/Cancelled/))
})

t.test('the first line of what is piped in is the password, in whatever pieces it comes', async t => {
  const cases: Array<[pieces: string[], password: string]> = [
    [['correct horse'], 'correct horse'],
    [['corr', 'ect horse\nsecond line\n'], 'correct horse'],
    [['correct horse\r\n'], 'correct horse'],
    [[' blanks count \n'], ' blanks count ']
  ]
  for (const [pieces, password] of cases)
    t.equal(await firstLine(Readable.from(pieces.map(piece => Buffer.from(piece)))), password)
  const [half, otherHalf] = [Buffer.from('pässword').subarray(0, 2), Buffer.from('pässword').subarray(2)]
  t.equal(await firstLine(Readable.from([half, otherHalf])), 'pässword')
})

t.test('nothing, an empty line and text that is not UTF-8 are refused', async t => {
  await t.rejects(firstLine(Readable.from([])), refused(/None came/))
  await t.rejects(firstLine(Readable.from([Buffer.from('\nsecret\n')])), refused(/None came/))
  await t.rejects(firstLine(Readable.from([Buffer.from('pässword', 'latin1')])), refused(/not UTF-8/))
})

t.test('a line without an end is not read without an end', async t => {
  let pieces = 0
  async function* long() {
    while (pieces < 100) {
      pieces++
      yield Buffer.alloc(16_384, 'x')
    }
  }
  t.equal((await firstLine(long())).length, 81_920)
  t.equal(pieces, 5)
})
