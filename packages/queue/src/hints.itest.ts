import {
  createTcpProxy,
  createTestDatabase,
  describeOnEachBackend,
  describeOnRedis,
  redisPrefix,
  testRedisUrl,
  until,
  type TestDatabase,
} from '@flotilla/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { openBackend, type Backend, type QueueSettings } from './backend.ts'
import { openHints, type Hint, type Hints } from './hints.ts'

let database: TestDatabase
let closing: (() => Promise<void>)[]
beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(() => {
  closing = []
})
afterEach(async () => {
  for (const close of closing.toReversed()) await close()
})
afterAll(() => database.drop())

/** A process's end of the hints; all with the same `prefix` hear each other. */
async function open(
  settings: Pick<QueueSettings, 'redisUrl' | 'prefix'>,
): Promise<{ hints: Hints; heard: Hint[]; backend: Backend }> {
  const backend = openBackend({ databaseUrl: database.url, onError: () => {}, ...settings })
  const hints = openHints(backend, database.url, () => {})
  const heard: Hint[] = []
  hints.subscribe((hint) => void heard.push(hint))
  await hints.start()
  closing.push(async () => {
    await hints.close()
    await backend.close()
  })
  return { hints, heard, backend }
}

const has = (heard: readonly Hint[], hint: Hint): Promise<true> =>
  until(() => heard.some((each) => JSON.stringify(each) === JSON.stringify(hint)) || null, {
    what: `${JSON.stringify(hint)} is heard`,
  })

const WANTED: Hint = { wanted: { runId: 5, idx: 0 } }

/** Words are sent from then on. */
async function want(hints: Hints, heard: readonly Hint[]): Promise<void> {
  hints.publish(WANTED)
  await has(heard, WANTED)
}

describeOnEachBackend('hints', (kind) => {
  const settings = () => ({ redisUrl: kind === 'redis' ? testRedisUrl() : undefined, prefix: redisPrefix() })

  it('of each kind reach every process, the one that told them too', async () => {
    const shared = settings()
    const [one, two] = [await open(shared), await open(shared)]
    const hints: Hint[] = [{ cancelled: 6 }, { roles: ['writer', 'critic'] }, { runId: 5 }]
    for (const hint of hints) one.hints.publish(hint)
    await has(two.heard, { runId: 5 })
    expect(two.heard).toEqual(hints)
    await has(one.heard, { runId: 5 })
    expect(one.heard).toEqual(hints)
  })

  it('that are equal go once within a few milliseconds', async () => {
    const { hints, heard } = await open(settings())
    for (let i = 0; i < 50; i++) hints.publish({ runId: 5 })
    hints.publish({ cancelled: 5 })
    await has(heard, { runId: 5 })
    expect(heard).toEqual([{ cancelled: 5 }, { runId: 5 }])
  })

  it('of many runs that moved at the same time reach all', async () => {
    const { hints, heard } = await open(settings())
    const runs = Array.from({ length: 1_001 }, (_, i) => ({ runId: Number.MAX_SAFE_INTEGER - i }))
    for (const hint of runs) hints.publish(hint)
    await has(heard, runs.at(-1) as Hint)
    expect(heard).toEqual(runs)
  })

  it('carry a model’s words whole and in order, also those that it repeats and those that are long', async () => {
    const { hints, heard } = await open(settings())
    await want(hints, heard)
    const said = ['ha ', 'ha ', 'ha ', 'x'.repeat(5_000), '€"\\\n'.repeat(900), 'ha ']
    for (const delta of said) hints.publish({ stream: { runId: 5, idx: 0, delta } })
    hints.publish({ runId: 5 })
    await has(heard, { runId: 5 })
    const words = heard.flatMap((hint) => ('stream' in hint ? [hint.stream.delta] : []))
    expect(words.join('')).toBe(said.join(''))
  })

  it('take words back in their place among them', async () => {
    const { hints, heard } = await open(settings())
    const stream = { runId: 5, idx: 0 }
    await want(hints, heard)
    const told: Hint[] = [
      { stream: { ...stream, delta: 'Once' } },
      { stream: { ...stream, delta: '', takeBack: 4 } },
      { stream: { ...stream, delta: 'Twice' } },
      { stream: { ...stream, delta: '', takeBack: 5 } },
      { runId: 5 },
    ]
    for (const hint of told) hints.publish(hint)
    await has(heard, { runId: 5 })
    expect(heard).toEqual([WANTED, ...told])
  })

  it('carry no words of a task that nobody reads', async () => {
    const { hints, heard } = await open(settings())
    await want(hints, heard)
    hints.publish({ stream: { runId: 5, idx: 1, delta: 'unheard' } })
    hints.publish({ stream: { runId: 5, idx: 1, delta: '', takeBack: 3 } })
    hints.publish({ stream: { runId: 5, idx: 0, delta: 'heard' } })
    hints.publish({ runId: 5 })
    await has(heard, { runId: 5 })
    expect(heard).toEqual([WANTED, { stream: { runId: 5, idx: 0, delta: 'heard' } }, { runId: 5 }])
  })

  it('that nobody understands are passed over', async () => {
    const { hints, heard, backend } = await open(settings())
    const later = JSON.stringify({ rotated: 'keys' })
    for (const text of ['no json', later])
      if (backend.pool) await backend.pool.query(`select pg_notify('flotilla_hints', $1)`, [text])
      else await backend.redis()?.publish(`${backend.prefix}:flotilla_hints`, text)
    hints.publish({ runId: 1 })
    await has(heard, { runId: 1 })
    expect(heard).toEqual([{ runId: 1 }])
  })

  it('stop for a listener that has unsubscribed', async () => {
    const { hints, heard } = await open(settings())
    const mine: Hint[] = []
    const unsubscribe = hints.subscribe((hint) => void mine.push(hint))
    hints.publish({ runId: 1 })
    await has(mine, { runId: 1 })
    unsubscribe()
    hints.publish({ runId: 2 })
    await has(heard, { runId: 2 })
    expect(mine).toEqual([{ runId: 1 }])
  })
})

describeOnRedis('hints while Redis is away', () => {
  it('are lost, not kept: what they tell of is in the record', async () => {
    const { hostname, port } = new URL(testRedisUrl())
    const proxy = await createTcpProxy({ host: hostname, port: Number(port) })
    closing.push(() => proxy.close())
    const prefix = redisPrefix()
    const behind = await open({ redisUrl: proxy.url(testRedisUrl()), prefix })
    const { heard } = await open({ redisUrl: testRedisUrl(), prefix })
    behind.hints.publish({ runId: 1 })
    await has(heard, { runId: 1 })
    await proxy.setMode({ kind: 'refuse' })
    await until(
      () =>
        behind.backend.ping().then(
          () => null,
          () => true,
        ),
      { what: 'Redis is away' },
    )
    for (let runId = 2; runId < 50; runId++) behind.hints.publish({ runId })
    await until(
      () =>
        behind.backend.ping().then(
          () => null,
          () => true,
        ),
      { what: 'Redis is still away' },
    )
    await proxy.setMode({ kind: 'pass' })
    await until(
      () => {
        behind.hints.publish({ cancelled: 1 })
        return heard.some((hint) => 'cancelled' in hint)
      },
      { what: 'hints are heard again' },
    )
    expect(heard.filter((hint) => 'runId' in hint)).toEqual([{ runId: 1 }])
  })
})
