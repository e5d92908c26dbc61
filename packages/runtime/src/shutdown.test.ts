import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { createManualTimers, settled } from './manual-timers.ts'
import { createShutdown } from './shutdown.ts'

function setUp() {
  const log = createLogger({ level: 'silent', name: 'test' })
  const timers = createManualTimers()
  const time = { ms: 0 }
  const clock = { now: () => new Date(time.ms) }
  const shutdown = createShutdown({ log, drainMs: 1_000, forceMs: 200, clock, timers })
  return { shutdown, timers, time }
}

function fakeProcess() {
  const exits: number[] = []
  const emitter = new EventEmitter()
  return Object.assign(emitter, { exits, exit: (code: number) => void exits.push(code) })
}

const never = (): Promise<void> => new Promise(() => {})

test('closes last in, first out, one after the other', async () => {
  const { shutdown } = setUp()
  const steps: string[] = []
  for (const name of ['database', 'queue', 'http']) {
    shutdown.register(name, async () => {
      steps.push(`${name} begins`)
      await settled()
      steps.push(`${name} ends`)
    })
  }
  const report = await shutdown.run('test')
  expect(steps).toEqual(['http begins', 'http ends', 'queue begins', 'queue ends', 'database begins', 'database ends'])
  expect(report).toEqual({ reason: 'test', closed: ['http', 'queue', 'database'], failed: [], timedOut: [] })
})

test('runs once, and aborts its signal at once', async () => {
  const { shutdown } = setUp()
  let closed = 0
  shutdown.register('database', () => void (closed += 1))
  const first = shutdown.run('first')
  expect(shutdown.signal.aborted).toBe(true)
  expect(await shutdown.run('second')).toBe(await first)
  expect(closed).toBe(1)
})

test('leaves out what was taken out again', async () => {
  const { shutdown } = setUp()
  shutdown.register('kept', () => {})
  shutdown.register('gone', () => {})()
  expect((await shutdown.run('test')).closed).toEqual(['kept'])
})

test('goes on after a closer that fails', async () => {
  const { shutdown } = setUp()
  shutdown.register('database', () => {})
  shutdown.register('rejects', () => Promise.reject(new Error('no')))
  shutdown.register('throws', () => {
    throw new Error('no')
  })
  expect(await shutdown.run('test')).toMatchObject({ closed: ['database'], failed: ['throws', 'rejects'] })
})

test('gives up a closer that hangs past the drain time, after telling it, and closes the rest', async () => {
  const { shutdown, timers } = setUp()
  let told = false
  shutdown.register('database', () => {})
  shutdown.register('worker', (deadline) => {
    deadline.addEventListener('abort', () => (told = true))
    return never()
  })
  const report = shutdown.run('test')
  await timers.advance(1_000)
  expect(told).toBe(true)
  await timers.advance(200)
  expect(await report).toMatchObject({ closed: ['database'], timedOut: ['worker'] })
  expect(timers.waiting).toBe(0)
})

test('a closer that obeys the deadline counts as closed', async () => {
  const { shutdown, timers } = setUp()
  shutdown.register(
    'worker',
    (deadline) => new Promise((resolve) => deadline.addEventListener('abort', () => resolve())),
  )
  const report = shutdown.run('test')
  await timers.advance(1_000)
  expect(await report).toMatchObject({ closed: ['worker'], timedOut: [] })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'])('%s shuts down and exits 0', async (event) => {
  const { shutdown } = setUp()
  const process = fakeProcess()
  shutdown.register('database', () => {})
  shutdown.listen(process)
  process.emit(event)
  await settled()
  expect(process.exits).toEqual([0])
})

test('exits 1 when something did not close', async () => {
  const { shutdown } = setUp()
  const process = fakeProcess()
  shutdown.register('database', () => Promise.reject(new Error('no')))
  shutdown.listen(process)
  process.emit('SIGTERM')
  await settled()
  expect(process.exits).toEqual([1])
})

test('a second signal forces the exit, the echo of the first does not', async () => {
  const { shutdown, time } = setUp()
  const process = fakeProcess()
  shutdown.register('worker', never)
  shutdown.listen(process)
  process.emit('SIGINT')
  time.ms += 100
  process.emit('SIGINT')
  await settled()
  expect(process.exits).toEqual([])
  time.ms += 500
  process.emit('SIGINT')
  expect(process.exits).toEqual([130])
})

test('stops listening when asked to', () => {
  const { shutdown } = setUp()
  const process = fakeProcess()
  shutdown.listen(process)()
  expect(process.eventNames()).toEqual([])
})
