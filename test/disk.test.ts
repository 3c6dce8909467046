import { truncateSync, writeFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { mock } from 'node:test'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import t from 'tap'
import { resolveConfig } from '../src/config.ts'
import { lookAtDisk } from '../src/disk.ts'
import { createDiskWatch } from '../src/disk-watch.ts'
import { build, testClock } from './helper.ts'

const GB = 1e9
const MINUTE = 60_000
const roomy = () => ({ free: 1000 * GB, total: 1000 * GB })

t.test('a disk that is nearly full is told before it is', async t => {
  const folder = t.testdir({})
  const look = (databaseUrl: string, free: number, total: number) => [
    ...lookAtDisk(
      resolveConfig({ databaseUrl, dataDir: `${folder}/data`, authSecret: 'a master secret that only tests have' }),
      () => ({ free, total })
    )
  ]
  const file = `sqlite:${folder}/data/postern.db`
  const isLow = (free: number, total: number) => look(file, free, total).map(({ isLow }) => isLow)
  t.same(isLow(GB, 20 * GB), [false])
  t.same(isLow(GB - 1, 4 * GB), [true])
  t.same(isLow(49 * GB, 1000 * GB), [true])
  const left = /^the disk of \S+\/data has 500 MB free \(1 %\): when it is full, /
  t.match(look(file, 0.5 * GB, 40 * GB), [{ text: left }])
  t.match(look(file, 0.5 * GB, 40 * GB), [{ text: /, nobody can log in\. Free some space$/ }])
  t.match(look('postgres://localhost/postern', 0.5 * GB, 40 * GB), [
    { text: /, no mail is kept there\. Free some space$/ }
  ])
  const real = [...lookAtDisk(resolveConfig({ databaseUrl: file, dataDir: `${folder}/data` }))]
  t.match(real, [{ text: /^the disk of \S+\/data has [\d,]+ MB free \(\d+ %\)/ }])
})

t.test('a write-ahead log that is never written back is told', async t => {
  const folder = t.testdir({})
  const config = resolveConfig({ databaseUrl: `sqlite:${folder}/postern.db`, dataDir: folder })
  const said = () => [...lookAtDisk(config, roomy)].slice(1)
  writeFileSync(`${folder}/postern.db-wal`, '')
  truncateSync(`${folder}/postern.db-wal`, 64 * 1024 * 1024)
  t.same(said(), [])
  truncateSync(`${folder}/postern.db-wal`, 2_200_000_000)
  const text = /^the write-ahead log \S+\/postern\.db-wal has grown to 2,200 MB: .* End that backup/
  t.match(said(), [{ isLow: true, text }])
})

t.test('each thing is told at once, and once an hour while it lasts', async t => {
  const clock = testClock()
  const said: string[] = []
  let states = [
    { path: 'a', isLow: false, text: 'a has room' },
    { path: 'b', isLow: true, text: 'b has none' }
  ]
  const look = createDiskWatch({ look: () => states, warn: text => said.push(text), now: clock.now })
  look()
  t.same(said.splice(0), ['b has none'])
  states = states.map(({ path }) => ({ path, isLow: true, text: `${path} is full` }))
  for (let minute = 1; minute < 60; minute++) {
    clock.advance(MINUTE)
    look()
  }
  t.same(said.splice(0), ['a is full'])
  clock.advance(MINUTE)
  look()
  t.same(said, ['b is full'])
})

t.test('a disk that cannot be looked at ends nothing', async t => {
  const said: string[] = []
  const look = createDiskWatch({
    look: () => {
      throw new Error('EIO: i/o error, statfs')
    },
    warn: text => said.push(text),
    now: Date.now
  })
  look()
  look()
  t.same(said, ['the disk cannot be looked at: EIO: i/o error, statfs'])
})

t.test('a service whose log another process keeps from being written back says so', async t => {
  const folder = t.testdir({})
  const said: string[] = []
  const stream = new Writable({
    write(line, _encoding, done) {
      said.push(JSON.parse(line).msg)
      done()
    }
  })
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const options = { databaseUrl: `sqlite:${folder}/postern.db`, dataDir: folder }
  await build(t, options, { logger: pino({ level: 'warn' }, stream) })
  const told = () => said.filter(line => line.startsWith('the write-ahead log'))
  mock.timers.tick(MINUTE)
  t.same(told(), [])

  const [reader, writer] = [new Sqlite(`${folder}/postern.db`), new Sqlite(`${folder}/postern.db`)]
  t.teardown(() => [reader, writer].map(db => db.close()))
  writer.exec('CREATE TABLE other (bytes)')
  reader.exec('BEGIN; SELECT * FROM other')
  for (let megabyte = 0; megabyte < 70; megabyte++) writer.exec('INSERT INTO other VALUES (zeroblob(1e6))')
  mock.timers.tick(MINUTE)
  t.match(told(), [/^the write-ahead log \S+\/postern\.db-wal has grown to 7\d MB/])
})
