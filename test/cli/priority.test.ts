import { readFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import t from 'tap'
import { yieldToRequests } from '../../src/cli/priority.ts'

t.test('on Linux the threads that hash step back, and the one that answers does not', async t => {
  // Reading a file starts libuv's threads.
  await readFile(import.meta.filename)
  const own = getPriority()
  const lowered = yieldToRequests()
  t.equal(getPriority(), own)
  if (process.platform === 'linux') t.ok(lowered >= 1)
  else t.equal(lowered, 0)
})
