import { describeOnEachBackend, describeOnRedis, until, type QueueBackend } from '@flotilla/testing'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { boardReader } from './board.ts'
import type { Delivery } from './jobs.ts'
import { gate, openTestQueue, wakeUp, type TestQueue } from './testing/queue-fixture.ts'
import { ROOT } from './tree.ts'

const tasksOf = (deliveries: readonly Delivery[]): number[] =>
  deliveries.flatMap((delivery) => (delivery.kind === 'tasks' ? delivery.refs.map((ref) => ref.idx) : []))
const arrived = (deliveries: readonly Delivery[], count: number): Promise<true> =>
  until(() => deliveries.length >= count || null, { what: `${count} deliveries have come` })

describeOnEachBackend('a queue', (kind) => {
  let queue: TestQueue
  let deliveries: Delivery[]
  const note = (delivery: Delivery): void => void deliveries.push(delivery)
  beforeEach(async () => {
    deliveries = []
    queue = await openTestQueue(kind)
  })
  afterEach(() => queue.close())
  const waiting = (count: number): Promise<true> =>
    until(async () => (await queue.producer.waiting(['writer'])) === count, { what: `${count} jobs wait` })

  it('delivers wake-ups of tasks in batches, and of runs, and keeps nothing of them', async () => {
    await queue.consume('agent-writer', note)
    await queue.consume('plan', note)
    await queue.consume('verify', note)
    await queue.consume('learn', note)
    await queue.producer.wakeTasks([
      ...Array.from({ length: 30 }, (_, idx) => wakeUp(idx, { priority: 7 })),
      wakeUp(99, { judge: true }),
    ])
    await Promise.all([queue.producer.wakePlan(2, 9), queue.producer.wakeFinish(3), queue.producer.wakeLearn(4)])
    await arrived(deliveries, 6)
    expect(tasksOf(deliveries).toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 30 }, (_, idx) => idx), 99])
    const first = deliveries.find((delivery) => delivery.kind === 'tasks' && delivery.refs.length === 25)
    expect(first).toMatchObject({ priority: 7, treeParent: null })
    for (const [name, runId] of [
      ['plan', 2],
      ['finish', 3],
      ['learn', 4],
    ] as const)
      expect(deliveries).toContainEqual({ kind: name, runIds: [runId] })
    await until(async () => (await queue.producer.waiting([])) === 0, { what: 'nothing waits' })
    expect(queue.lost).toEqual([])
    expect(await kept(queue, kind)).toBe(0)
  })

  it('delivers a delayed wake-up after its delay', async () => {
    await queue.consume('agent-writer', note)
    const at = performance.now()
    await queue.producer.wakeTasks([wakeUp(0, { delayMs: 300 }), wakeUp(1)])
    await arrived(deliveries, 2)
    expect(tasksOf(deliveries)).toEqual([1, 0])
    expect(performance.now() - at).toBeGreaterThan(290)
  })

  it('delivers the tasks of urgent runs first', async () => {
    for (const priority of [3, 9, 0, 5])
      await queue.producer.wakeTasks([wakeUp(priority, { priority, runId: priority + 1 })])
    await queue.consume('agent-writer', note)
    await arrived(deliveries, 4)
    expect(tasksOf(deliveries)).toEqual([9, 5, 3, 0])
  })

  it('fetches nothing while it is paused, and goes on when it is resumed', async () => {
    const [busy, end] = [gate(), gate()]
    const consumer = await queue.consume('agent-writer', async (delivery) => {
      note(delivery)
      if (deliveries.length > 1) return
      busy.open()
      await end.opened
    })
    await queue.producer.wakeTasks([wakeUp(0)])
    await busy.opened
    consumer.pause()
    await queue.producer.wakeTasks([wakeUp(1), wakeUp(2, { runId: 2, priority: 4 })])
    end.open()
    await waiting(2)
    // What comes after it finds its own way meanwhile: had anything been fetched, it would be here.
    const other = await queue.consume('agent-critic', note)
    await queue.producer.wakeTasks([wakeUp(7, { role: 'critic' })])
    await arrived(deliveries, 2)
    expect(tasksOf(deliveries)).toEqual([0, 7])
    expect([consumer.queue, other.queue]).toEqual(['agent-writer', 'agent-critic'])
    consumer.resume()
    await arrived(deliveries, 4)
    expect(tasksOf(deliveries)).toEqual([0, 7, 1, 2])
  })

  it('closes a consumer when what it has under way is done', async () => {
    const [busy, end] = [gate(), gate()]
    const consumer = await queue.consume('agent-writer', async (delivery) => {
      busy.open()
      await end.opened
      note(delivery)
    })
    await queue.producer.wakeTasks([wakeUp(0)])
    await busy.opened
    let closed = false
    const closing = consumer.close().then(() => (closed = true))
    await queue.producer.wakeTasks([wakeUp(1)])
    await waiting(1)
    expect([closed, deliveries.length]).toEqual([false, 0])
    end.open()
    await closing
    expect(tasksOf(deliveries)).toEqual([0])
    await waiting(1)
  })

  it('stops a delivery whose lock was lost', async () => {
    const busy = gate()
    const stopped = Promise.withResolvers<void>()
    await queue.consume(
      'agent-writer',
      async (_delivery, signal) => {
        signal.addEventListener('abort', () => stopped.resolve())
        busy.open()
        await stopped.promise
      },
      { lockDurationMs: 3_000 },
    )
    await queue.producer.wakeTasks([wakeUp(0)])
    await busy.opened
    await loseLock(queue, kind)
    await expect(stopped.promise).resolves.toBeUndefined()
  })

  it('tells of a delivery that broke, and does not repeat it: the record has it woken again', async () => {
    const consumer = await queue.consume('agent-writer', (delivery) => {
      note(delivery)
      if (deliveries.length === 1) throw new Error('broken')
    })
    await queue.producer.wakeTasks([wakeUp(0)])
    await until(() => consumer.errors.length > 0, { what: 'the error is told' })
    await queue.producer.wakeTasks([wakeUp(1)])
    await arrived(deliveries, 2)
    expect(tasksOf(deliveries)).toEqual([0, 1])
    expect(consumer.errors.map((error) => error.message)).toEqual(['broken'])
    expect(await kept(queue, kind)).toBe(0)
  })

  it('counts what waits, in the queues of the roles that are asked for and those used so far', async () => {
    expect(await queue.producer.waiting(['writer'])).toBe(0)
    await queue.producer.wakeTasks([wakeUp(0), wakeUp(1, { role: 'critic' }), wakeUp(2, { delayMs: 60_000 })])
    await queue.producer.wakePlan(1, 5)
    expect(await queue.producer.waiting(['writer'])).toBe(3)
  })

  it('shows the board what waits, and lets it change nothing', async () => {
    await queue.producer.wakeTasks([wakeUp(0)])
    const reader = boardReader(queue.backend, 'agent-writer')
    expect(reader.readOnlyMode).toBe(true)
    const counts = await reader.getJobCounts()
    expect((counts.waiting ?? 0) + (counts.prioritized ?? 0)).toBe(1)
  })
})

describeOnRedis('a flow tree', () => {
  let queue: TestQueue
  beforeEach(async () => {
    queue = await openTestQueue('redis')
  })
  afterEach(() => queue.close())

  it('wakes each task when all below it are done, and the end of the run last', async () => {
    const order: (number | string)[] = []
    const note = (delivery: Delivery): void => {
      if (delivery.kind !== 'tasks') return void order.push(delivery.kind)
      order.push(...delivery.refs.map((ref) => ref.idx))
      expect(delivery.treeParent).toBe([2, 2, 3, ROOT][delivery.refs[0]?.idx ?? 0])
    }
    await queue.consume('agent-writer', note, { concurrency: 4 })
    await queue.consume('verify', note)
    const outs = [[2], [2], [3], []]
    await queue.producer.addTree(
      5,
      6,
      outs.map((own, idx) => ({ idx, role: 'writer', outs: own })),
    )
    await until(() => order.includes('finish'), { what: 'the run is finished' })
    expect(order.slice(2)).toEqual([2, 3, 'finish'])
    expect(new Set(order.slice(0, 2))).toEqual(new Set([0, 1]))
    expect(queue.lost).toEqual([])
  })
})

describe('a flow tree on postgres', () => {
  it('is told of as lost: tasks are woken in batches there', async () => {
    const queue = await openTestQueue('postgres')
    await queue.producer.addTree(5, 6, [{ idx: 0, role: 'writer', outs: [] }])
    expect(queue.lost).toMatchObject([{ what: 'tree' }])
    await queue.close()
  })
})

/** Jobs that the server still has, in whatever state. */
async function kept(queue: TestQueue, kind: QueueBackend): Promise<number> {
  return until(
    async () => {
      const left = kind === 'redis' ? await redisJobs(queue) : await postgresJobs(queue, 'select id from bullmq.job')
      return left === 0 ? 'none' : null
    },
    { what: 'no job is kept' },
  ).then(() => 0)
}

async function redisJobs(queue: TestQueue): Promise<number> {
  const redis = queue.backend.redis()
  const keys = (await redis?.keys(`${queue.backend.prefix}:*`)) ?? []
  redis?.disconnect()
  return keys.filter((key) => /:\d+$/.test(key)).length
}

async function postgresJobs(queue: TestQueue, text: string): Promise<number> {
  const client = new pg.Client({ connectionString: queue.databaseUrl })
  await client.connect()
  const { rowCount } = await client.query(text)
  await client.end()
  return rowCount ?? 0
}

/** Somebody else has the job's lock: a stalled check that came while this process could not renew it. */
async function loseLock(queue: TestQueue, kind: QueueBackend): Promise<void> {
  if (kind === 'postgres') {
    expect(await postgresJobs(queue, `update bullmq.job set lock_token = 'other' where state = 'active'`)).toBe(1)
    return
  }
  const redis = queue.backend.redis()
  const keys = (await redis?.keys(`${queue.backend.prefix}:*:lock`)) ?? []
  expect(keys).toHaveLength(1)
  await redis?.set(keys[0] ?? '', 'other')
  redis?.disconnect()
}
