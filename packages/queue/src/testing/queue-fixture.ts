import { createTestDatabase, redisPrefix, testRedisUrl, until, type QueueBackend } from '@flotilla/testing'
import { migrateQueues, openBackend, type Backend } from '../backend.ts'
import { createConsumer, type Consumer } from '../consumer.ts'
import type { Delivery } from '../jobs.ts'
import { createProducer, type Producer, type TaskWakeUp } from '../producer.ts'

export type TestQueue = Readonly<{
  backend: Backend
  /** Of the queue in Postgres, past what is put in between; empty with Redis. */
  databaseUrl: string
  producer: Producer
  /** What the producer could not deliver. */
  lost: { what: string; error: unknown }[]
  /** A consumer that is ready, closed with the rest. */
  consume(
    queue: string,
    handle: Handle,
    settings?: Readonly<{ concurrency?: number; lockDurationMs?: number }>,
  ): Promise<TestConsumer>
  close(): Promise<void>
}>

export type Handle = (delivery: Delivery, signal: AbortSignal) => Promise<void> | void
export type TestConsumer = Consumer & Readonly<{ errors: Error[] }>

/** A queue of this test's own; `urls` puts something between it and its servers. */
export async function openTestQueue(
  kind: QueueBackend,
  urls: Readonly<{ redis?: (url: string) => string; database?: (url: string) => string }> = {},
): Promise<TestQueue> {
  const database =
    kind === 'redis'
      ? null
      : await createTestDatabase({
          template: { name: 'queue', migrate: async (url) => void (await migrateQueues(url)) },
        })
  const url = database?.url ?? ''
  const databaseUrl = urls.database?.(url) ?? url
  const redisUrl = kind === 'redis' ? (urls.redis?.(testRedisUrl()) ?? testRedisUrl()) : undefined
  const backend = openBackend({ redisUrl, databaseUrl, prefix: redisPrefix(), onError: () => {} })
  await until(() => backend.ping().then(() => true), { what: 'the queue answers' })
  const lost: { what: string; error: unknown }[] = []
  const producer = createProducer(backend, (what, error) => void lost.push({ what, error }))
  const consumers: Consumer[] = []
  return {
    backend,
    databaseUrl: url,
    producer,
    lost,
    consume: async (queue, handle, { concurrency = 1, lockDurationMs = 30_000 } = {}) => {
      const errors: Error[] = []
      const consumer = createConsumer(backend, {
        queue,
        concurrency,
        lockDurationMs,
        handle: async (delivery, signal) => handle(delivery, signal),
        onError: (error) => void errors.push(error),
      })
      consumers.push(consumer)
      await consumer.ready()
      return { ...consumer, errors }
    },
    close: async () => {
      await Promise.all(consumers.map((consumer) => consumer.close()))
      await producer.close()
      await backend.close()
      await database?.drop()
    },
  }
}

export const wakeUp = (idx: number, more: Partial<TaskWakeUp> = {}): TaskWakeUp => ({
  runId: 1,
  idx,
  role: 'writer',
  delayMs: 0,
  judge: false,
  priority: 5,
  ...more,
})

/** Something that the test lets happen. */
export function gate(): Readonly<{ opened: Promise<void>; open: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
