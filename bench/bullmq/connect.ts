import {
  createPostgresBackend,
  createRedisBackend,
  runMigrations,
  withBackend,
  type FlowProducer,
  type Queue,
  type Worker,
} from 'bullmq'
import { Client } from 'pg'
import { QUEUE, type JobData } from './flows.ts'

export type Job = Readonly<{ name: string; data: JobData; getChildrenValues(): Promise<Record<string, number>> }>

/** BullMQ's classes on one backend, as its documentation has them. The schemes of `url` are redis: and postgres:. */
export type BullMq = Readonly<{
  queue(): Queue
  flows(): FlowProducer
  worker(concurrency: number, run: (job: Job) => Promise<number>): Worker
}>

const POOL = 20

export function openBullMq(url: string): BullMq {
  if (url.startsWith('redis:')) {
    const { Queue, FlowProducer, Worker } = withBackend(createRedisBackend)
    const options = { connection: { url, maxRetriesPerRequest: null } }
    return {
      queue: () => new Queue(QUEUE, options),
      flows: () => new FlowProducer(options),
      worker: (concurrency, run) => new Worker(QUEUE, run as never, { ...options, concurrency }),
    }
  }
  const { Queue, FlowProducer, Worker } = withBackend(createPostgresBackend)
  const options = { connection: { connectionString: url, max: POOL } }
  return {
    queue: () => new Queue(QUEUE, options) as unknown as Queue,
    flows: () => new FlowProducer(options) as unknown as FlowProducer,
    worker: (concurrency, run) => new Worker(QUEUE, run as never, { ...options, concurrency }) as unknown as Worker,
  }
}

export async function createSchema(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await runMigrations(client)
  } finally {
    await client.end()
  }
}
