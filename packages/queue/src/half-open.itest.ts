import { createTcpProxy, describeOnRedis, testRedisUrl, until } from '@flotilla/testing'
import { expect, it, onTestFinished } from 'vitest'
import type { Delivery } from './jobs.ts'
import { openTestQueue, wakeUp } from './testing/queue-fixture.ts'

/** As published, and what a busy machine takes. */
const GOES_ON_MS = 25_000 + 8_000

describeOnRedis('a queue whose other end is gone without a word', () => {
  it(
    'delivers again within the published time',
    async () => {
      const { hostname, port } = new URL(testRedisUrl())
      const proxy = await createTcpProxy({ host: hostname, port: Number(port) })
      const queue = await openTestQueue('redis', { redis: (url) => proxy.url(url) })
      onTestFinished(async () => {
        await proxy.setMode({ kind: 'reset' })
        await proxy.setMode({ kind: 'pass' })
        await queue.close()
        await proxy.close()
      })
      const deliveries: Delivery[] = []
      await queue.consume('agent-writer', (delivery) => void deliveries.push(delivery))
      await queue.producer.wakeTasks([wakeUp(0)])
      await until(() => deliveries.length === 1, { what: 'the first delivery has come' })
      await proxy.setMode({ kind: 'halfOpen' })
      await proxy.setMode({ kind: 'pass' })
      await until(
        async () => {
          await queue.producer.wakeTasks([wakeUp(1)])
          return deliveries.length > 1
        },
        { what: 'wake-ups are delivered again', timeoutMs: GOES_ON_MS },
      )
      expect(deliveries.at(-1)).toMatchObject({ refs: [{ runId: 1, idx: 1 }] })
    },
    2 * GOES_ON_MS,
  )
})
