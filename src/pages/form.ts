import { isUtf8 } from 'node:buffer'
import { PosternError } from '../errors.ts'

/**
 * Reads an application/x-www-form-urlencoded body; a field without a value counts as absent. Throws `validation_failed`
 * when it is not UTF-8: read leniently, passwords that differ only in bytes that are not would be equal.
 */
export function readForm(body: Buffer): Record<string, string> {
  if (!isUtf8(body)) throw unreadable()
  const pairs = body.toString().split('&').filter(Boolean)
  return Object.fromEntries(pairs.map(pairOf).filter(([, value]) => value !== ''))
}

function pairOf(pair: string): [name: string, value: string] {
  const [name = '', ...value] = pair.replaceAll('+', ' ').split('=')
  try {
    return [decodeURIComponent(name), decodeURIComponent(value.join('='))]
  } catch (cause) {
    throw unreadable(cause)
  }
}

const unreadable = (cause?: unknown) =>
  new PosternError('validation_failed', { detail: 'The form is not UTF-8.', cause })
