import {
  createTcpProxy,
  describeOnEachBackend,
  redisPrefix,
  testRedisUrl,
  until,
  type TcpProxy,
} from '@flotilla/testing'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { openBackend, type Backend } from './backend.ts'
import { openCanary, type Canary } from './canary.ts'
import { openTestQueue, type TestQueue } from './testing/queue-fixture.ts'

const onError = (): void => {}

describeOnEachBackend('a canary', (kind) => {
  let queue: TestQueue
  beforeEach(async () => {
    queue = await openTestQueue(kind)
  })
  afterEach(() => queue.close())

  const comesBack = (canary: Canary): Promise<true> =>
    until(() => canary.returned() > 0 || null, { what: 'the canary comes back', timeoutMs: 10_000 })

  it('comes back, again and again, and leaves nothing behind', async () => {
    const canary = await openCanary(queue.backend, { name: 'host-1@x:y', onError })
    for (let i = 0; i < 3; i++) {
      await canary.send()
      await comesBack(canary)
    }
    expect(canary.returned()).toBe(0)
    await canary.close()
    expect(await left(queue.backend)).toEqual([])
  })

  it('clears what a process of its name, or one long gone, has left', async () => {
    const lost = queue.backend.queue('canary-w1')
    await lost.add('canary', {})
    await lost.close()
    const canary = await openCanary(queue.backend, { name: 'w1', onError })
    await canary.send()
    await comesBack(canary)
    // One, and not the one that was left.
    expect(canary.returned()).toBe(0)
    await forgetLater(queue.backend)
    await canary.close()
    expect(await left(queue.backend)).toEqual([])
  })

  describe('whose consumer alone is cut off without a word', () => {
    let proxy: TcpProxy
    let consuming: Backend
    beforeEach(async () => {
      const url = kind === 'redis' ? testRedisUrl() : queue.databaseUrl
      const { hostname, port } = new URL(kind === 'redis' ? url : inject('postgresUrl'))
      proxy = await createTcpProxy({ host: hostname, port: Number(port) })
      const { prefix } = queue.backend
      const redisUrl = kind === 'redis' ? proxy.url(url) : undefined
      consuming = openBackend({ redisUrl, databaseUrl: proxy.url(url), prefix: prefix || redisPrefix(), onError })
    })
    afterEach(async () => {
      await consuming.close()
      await proxy.close()
    })

    it('is taken and does not come back, and does so once the line is there again', async () => {
      const canary = await openCanary(consuming, { name: 'w1', onError, sender: queue.backend })
      await canary.send()
      await comesBack(canary)
      await proxy.setMode({ kind: 'blackHole' })
      await canary.send()
      await canary.send()
      expect(canary.returned()).toBe(0)
      await proxy.setMode({ kind: 'pass' })
      await comesBack(canary)
      await canary.close()
    })
  })
})

/** What canaries have left in the queue's store; Redis expires the rest. */
async function left(backend: Backend): Promise<unknown[]> {
  if (backend.sender !== null) {
    const keys = await backend.sender.keys(`${backend.prefix}:canary-*`)
    const lasting = await Promise.all(keys.map(async (key) => ((await backend.sender?.pttl(key)) === -1 ? key : null)))
    return lasting.filter((key) => key !== null)
  }
  const { rows } = (await backend.pool?.query(
    `select queue from job where queue like 'canary-%' union select queue from event where queue like 'canary-%'
     union select queue from meta where queue like 'canary-%'`,
  )) ?? { rows: [] }
  return rows
}

/** A queue of a process that ended two hours ago. */
async function forgetLater(backend: Backend): Promise<void> {
  if (backend.pool === null) return
  const old = backend.queue('canary-long-gone')
  await old.add('canary', {})
  await old.close()
  await backend.pool.query(`update event set created_at_ms = created_at_ms - 7200000 where queue = 'canary-long-gone'`)
  const next = await openCanary(backend, { name: 'w2', onError })
  await next.send()
  await until(() => next.returned() > 0 || null, { what: 'the next canary comes back' })
  await next.close()
}
