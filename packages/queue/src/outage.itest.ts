import { createTcpProxy, describeOnEachBackend, testRedisUrl, until, type TcpProxy } from '@flotilla/testing'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import type { Delivery } from './jobs.ts'
import { openTestQueue, wakeUp, type TestQueue } from './testing/queue-fixture.ts'

describeOnEachBackend('a queue that goes away', (kind) => {
  let proxy: TcpProxy
  let queue: TestQueue
  beforeEach(async () => {
    const { hostname, port } = new URL(kind === 'redis' ? testRedisUrl() : inject('postgresUrl'))
    proxy = await createTcpProxy({ host: hostname, port: Number(port) })
    const through = (url: string): string => proxy.url(url)
    queue = await openTestQueue(kind, kind === 'redis' ? { redis: through } : { database: through })
  })
  afterEach(async () => {
    await proxy.setMode({ kind: 'pass' })
    await queue.close()
    await proxy.close()
  })

  it('loses wake-ups, says so, and delivers again when it is back', async () => {
    const deliveries: Delivery[] = []
    await queue.consume('agent-writer', (delivery) => void deliveries.push(delivery))
    await queue.producer.wakeTasks([wakeUp(0)])
    await until(() => deliveries.length === 1, { what: 'the first delivery has come' })
    await proxy.setMode({ kind: 'refuse' })
    const before = performance.now()
    await Promise.all([
      queue.producer.wakeTasks([wakeUp(1)]),
      queue.producer.wakePlan(1, 5),
      queue.producer.wakeFinish(1),
      queue.producer.wakeLearn(1),
    ])
    expect(performance.now() - before).toBeLessThan(8_000)
    expect(queue.lost.map(({ what }) => what).toSorted()).toEqual(['finish', 'learn', 'plan', 'wake'])
    expect(queue.lost[0]?.error).toBeInstanceOf(Error)
    await expect(queue.producer.waiting(['writer'])).rejects.toBeInstanceOf(Error)
    await expect(queue.backend.ping()).rejects.toBeInstanceOf(Error)
    await proxy.setMode({ kind: 'pass' })
    await until(() => queue.backend.ping().then(() => true), { what: 'the queue answers again' })
    await until(
      async () => {
        await queue.producer.wakeTasks([wakeUp(2)])
        return deliveries.some((delivery) => delivery.kind === 'tasks' && delivery.refs[0]?.idx === 2)
      },
      { what: 'wake-ups are delivered again' },
    )
  })

  it('takes what goes through queues that were first used while it was away', async () => {
    const send = async (): Promise<string[]> => {
      queue.lost.length = 0
      const { producer } = queue
      await Promise.all([
        producer.wakeTasks([wakeUp(0)]),
        producer.wakePlan(1, 5),
        producer.wakeFinish(1),
        producer.wakeLearn(1),
        kind === 'redis' ? producer.addTree(1, 5, [{ idx: 0, role: 'writer', outs: [] }]) : undefined,
      ])
      return queue.lost.map(({ what }) => what)
    }
    await proxy.setMode({ kind: 'refuse' })
    await expect(queue.backend.ping()).rejects.toBeInstanceOf(Error)
    expect(await send()).toHaveLength(kind === 'redis' ? 5 : 4)
    await proxy.setMode({ kind: 'pass' })
    await until(() => queue.backend.ping().then(() => true), { what: 'the queue answers again' })
    expect(await send()).toEqual([])
  })

  it('is gone while a consumer comes, which consumes when it is back', async () => {
    const deliveries: Delivery[] = []
    await proxy.setMode({ kind: 'refuse' })
    const consuming = queue.consume('agent-writer', (delivery) => void deliveries.push(delivery))
    await expect(queue.backend.ping()).rejects.toBeInstanceOf(Error)
    await proxy.setMode({ kind: 'pass' })
    await consuming
    await until(
      async () => {
        await queue.producer.wakeTasks([wakeUp(0)])
        return deliveries.length > 0
      },
      { what: 'wake-ups are delivered' },
    )
  })
})
