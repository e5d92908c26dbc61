import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { createManualTimers, settled } from './manual-timers.ts'
import { createLoopService, type RoundCounts } from './service.ts'

function setUp(runOnce: () => Promise<RoundCounts>, random = 0.5) {
  const errors: unknown[] = []
  const timers = createManualTimers()
  const service = createLoopService({
    name: 'sweeper',
    intervalMs: 100,
    jitter: 0.2,
    runOnce,
    log: createLogger({ level: 'silent', name: 'test' }),
    onError: (error) => void errors.push(error),
    timers,
    random: () => random,
  })
  return { service, timers, errors }
}

/** A round that the test ends. */
function gate() {
  const state = { running: 0, most: 0, begun: 0, end: (): void => {} }
  const round = async (): Promise<RoundCounts> => {
    state.begun += 1
    state.running += 1
    state.most = Math.max(state.most, state.running)
    await new Promise<void>((resolve) => (state.end = resolve))
    state.running -= 1
    return { done: 1 }
  }
  return { state, round }
}

test('runs at once and then by its interval', async () => {
  let rounds = 0
  const { service, timers } = setUp(async () => ({ rounds: (rounds += 1) }))
  service.start()
  await timers.advance(0)
  expect(rounds).toBe(1)
  await timers.advance(99)
  expect(rounds).toBe(1)
  await timers.advance(1)
  expect(rounds).toBe(2)
})

test.each([
  [0, 80],
  [1, 120],
])('draws each wait from the jitter: %d gives %d ms', async (random, expectedMs) => {
  let rounds = 0
  const { service, timers } = setUp(async () => ({ rounds: (rounds += 1) }), random)
  service.start()
  await timers.advance(expectedMs - 1)
  expect(rounds).toBe(1)
  await timers.advance(1)
  expect(rounds).toBe(2)
})

test('starting twice makes one loop', async () => {
  let rounds = 0
  const { service, timers } = setUp(async () => ({ rounds: (rounds += 1) }))
  service.start()
  service.start()
  await timers.advance(100)
  expect(rounds).toBe(2)
  expect(timers.waiting).toBe(1)
})

test('never overlaps, not even with a round asked for', async () => {
  const { state, round } = gate()
  const { service, timers } = setUp(round)
  service.start()
  await timers.advance(0)
  const asked = service.runOnce()
  await timers.advance(1_000)
  expect(state.begun).toBe(1)
  state.end()
  await settled()
  expect(state.begun).toBe(2)
  state.end()
  expect(await asked).toEqual({ done: 1 })
  expect(state.most).toBe(1)
})

test('stop waits for the running round and ends the loop', async () => {
  const { state, round } = gate()
  const { service, timers } = setUp(round)
  service.start()
  await timers.advance(0)
  let stopped = false
  const stopping = service.stop().then(() => (stopped = true))
  await settled()
  expect(stopped).toBe(false)
  state.end()
  await stopping
  await timers.advance(1_000)
  expect(state.begun).toBe(1)
  expect(timers.waiting).toBe(0)
})

test('stopping twice, before a start, and starting again all work', async () => {
  let rounds = 0
  const { service, timers } = setUp(async () => ({ rounds: (rounds += 1) }))
  await service.stop()
  service.start()
  await service.stop()
  await service.stop()
  service.start()
  await timers.advance(0)
  expect(rounds).toBe(1)
})

test('stopped and started during a round, it goes on as one loop', async () => {
  const { state, round } = gate()
  const { service, timers } = setUp(round)
  service.start()
  await timers.advance(0)
  const stopping = service.stop()
  service.start()
  state.end()
  await stopping
  await timers.advance(0)
  state.end()
  await settled()
  expect(timers.waiting).toBe(1)
})

test('a failing round is reported and the loop goes on; a round asked for rejects', async () => {
  const failure = new Error('database gone')
  const { service, timers, errors } = setUp(() => Promise.reject(failure))
  service.start()
  await timers.advance(100)
  expect(errors).toEqual([failure, failure])
  await expect(service.runOnce()).rejects.toBe(failure)
})
