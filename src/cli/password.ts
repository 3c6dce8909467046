import { createInterface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import { PosternError } from '../errors.ts'

const FIRST_LINE_LIMIT = 64 * 1024

/** The new password: asked for when a person sits there, else the first line of stdin. Throws `validation_failed`. */
export const readPassword = (): Promise<string> =>
  process.stdin.isTTY ? askTwice(process.stdin, process.stderr) : firstLine(process.stdin)

/** Asks for a password twice; what is typed is shown nowhere. Throws `validation_failed`. */
export async function askTwice(input: Readable, output: NodeJS.WritableStream): Promise<string> {
  // In terminal mode readline echoes by itself, so it writes to nowhere, and the terminal's own echo is off.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input, output: nowhere, terminal: true, historySize: 0 })
  const lines = terminal[Symbol.asyncIterator]()

  async function ask(question: string): Promise<string> {
    output.write(question)
    const { value, done } = await lines.next()
    output.write('\n')
    if (done) throw refusal('Cancelled; nothing was done.')
    return value
  }

  try {
    const password = await ask('Password: ')
    if (password !== (await ask('Once more: '))) throw refusal('The two are not the same.')
    return password
  } finally {
    terminal.close()
  }
}

/** The first line, without its end. Throws `validation_failed` when there is none, or when it is not UTF-8. */
export async function firstLine(input: AsyncIterable<Buffer>): Promise<string> {
  let read = Buffer.alloc(0)
  for await (const chunk of input) {
    read = Buffer.concat([read, chunk])
    if (read.includes('\n') || read.length > FIRST_LINE_LIMIT) break
  }
  const end = read.indexOf('\n')
  const line = end < 0 ? read : read.subarray(0, end)
  if (line.length === 0) throw refusal('None came; its place is the first line of standard input.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line).replace(/\r$/, '')
  } catch (cause) {
    throw refusal('It is not UTF-8 text.', cause)
  }
}

const refusal = (problem: string, cause?: unknown) =>
  new PosternError('validation_failed', {
    detail: 'There is no usable password.',
    errors: { password: [problem] },
    cause
  })
