import { beforeEach, expect, test } from 'vitest'
import type { Scheduler } from './clock.ts'
import { createLogger } from './logger.ts'
import { createManualTimers, settled, type ManualTimers } from './manual-timers.ts'
import { createOutageReporter, withOutages, type OutageReporter } from './outage-reporter.ts'
import { isOutageError, isRedisError, reasonOf } from './outage.ts'

const failure = (message: string, code?: string): Error => Object.assign(new Error(message), code && { code })
const refused = failure('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED')

let timers: ManualTimers
let now: number
let there: boolean
let lines: { level: number; msg: string; err?: object }[]
let reporter: OutageReporter
let log: ReturnType<typeof withOutages>
beforeEach(() => {
  timers = createManualTimers()
  now = 0
  there = true
  lines = []
  const all = createLogger({
    level: 'info',
    name: 't',
    destination: { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
  })
  const scheduler: Scheduler = { ...timers, now: () => now, soon: (call) => void setImmediate(call) }
  const ask = (): Promise<void> => (there ? Promise.resolve() : Promise.reject(refused))
  reporter = createOutageReporter({ store: 'the database', ask, log: all, scheduler })
  log = withOutages(all, () => reporter)
})

const advance = async (ms: number): Promise<void> => {
  now += ms
  await timers.advance(ms)
  await settled()
}
const said = (): string[] => lines.map(({ msg }) => msg)

test('an outage is told in two lines, whatever fails in it', async () => {
  there = false
  log.warn({ err: refused }, 'a connection broke')
  log.error({ err: failure('Connection terminated unexpectedly') }, 'a round failed')
  await settled()
  await advance(1_000)
  log.warn({ err: failure('the database system is starting up', '57P03') }, 'a round failed')
  await advance(100)
  expect(said()).toEqual(['the database is away: connect ECONNREFUSED 127.0.0.1:5432; trying again'])
  there = true
  await advance(200)
  log.warn({ err: failure('Connection terminated unexpectedly') }, 'a straggler')
  await settled()
  expect(said().slice(1)).toEqual(['the database is back after 1.3 s'])
  expect(timers.waiting).toBe(0)
})

test('what fails while the store is there is told in full, once a failure', async () => {
  log.warn({ err: failure('read ECONNRESET', 'ECONNRESET'), service: 'x' }, 'the x round failed')
  log.warn({ err: failure('read ECONNRESET', 'ECONNRESET'), service: 'x' }, 'the x round failed')
  log.error({ err: failure('Connection terminated unexpectedly') }, 'a connection broke')
  await settled()
  expect(lines).toMatchObject([
    { level: 40, msg: 'the x round failed', service: 'x', err: { message: 'read ECONNRESET' } },
    { level: 50, msg: 'a connection broke' },
  ])
})

test('a bug passes at once, even in an outage', async () => {
  there = false
  log.warn({ err: refused }, 'a connection broke')
  await settled()
  log.error({ err: new TypeError('x is not a function') }, 'run work failed')
  log.warn({ err: failure('deadlock detected', '40P01') }, 'a round failed')
  log.warn('plain')
  expect(said().slice(1)).toEqual(['run work failed', 'a round failed', 'plain'])
})

test('a second outage is told again, and one without an answer as well', async () => {
  there = false
  log.warn({ err: refused }, 'a connection broke')
  await settled()
  there = true
  await advance(200)
  there = false
  log.warn({ err: refused }, 'a connection broke')
  await settled()
  expect(said()).toHaveLength(3)
  expect(said()[2]).toMatch(/^the database is away/)
})

test('closing tells what is not explained, and asks no more', async () => {
  there = false
  log.warn({ err: refused }, 'a connection broke')
  reporter.close()
  await settled()
  expect(said()).toEqual(['a connection broke'])
  expect(timers.waiting).toBe(0)
})

test('what an outage looks like', () => {
  expect(isOutageError(new Error('wrapped', { cause: refused }))).toBe(true)
  expect(isOutageError(new AggregateError([refused]))).toBe(true)
  expect(isOutageError(failure('statement timeout', '57014'))).toBe(false)
  expect(isOutageError(undefined)).toBe(false)
  expect(isRedisError(new Error('Connection is closed.'))).toBe(true)
  expect(isRedisError(refused)).toBe(false)
  expect(reasonOf(new AggregateError([refused]))).toBe(refused.message)
})
