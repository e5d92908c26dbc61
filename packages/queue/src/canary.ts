import type { Queue, Worker } from 'bullmq'
import type { Backend } from './backend.ts'
import { JOB_OPTIONS } from './jobs.ts'

export type CanarySettings = Readonly<{
  /** The process's, unique in the fleet; one that is used again clears what the process before it left. */
  name: string
  onError: (error: Error) => void
  /** Where canaries are sent from; the same as where they are received, but for tests. */
  sender?: Backend
}>

/** A queue of the process's own, with one consumer: what is sent comes back, or the consumer's connection is dead. */
export type Canary = Readonly<{
  /** Resolves once the queue has taken it; rejects where that cannot be had. */
  send(): Promise<void>
  /** How many have come back since this was asked last. */
  returned(): number
  close(): Promise<void>
}>

const PREFIX = 'canary-'
const LOCK_MS = 30_000
/** What a process leaves that could not clear up after itself is gone after this long. */
const FORGET_MS = 3_600_000
const KEPT_EVENTS = 10

export async function openCanary(backend: Backend, settings: CanarySettings): Promise<Canary> {
  const { onError, sender = backend } = settings
  const name = `${PREFIX}${settings.name.replaceAll(/[^\w.@-]/g, '-')}`
  await clear(sender, name).catch(onError)
  await clearForgotten(sender).catch(onError)
  const queue = sender.queue(name, { keptEvents: KEPT_EVENTS })
  let back = 0
  const worker: Worker = backend.worker(
    name,
    { concurrency: 1, lockDurationMs: LOCK_MS, stalledIntervalMs: LOCK_MS },
    async () => {
      back += 1
      return null
    },
  )
  return {
    send: async () => {
      const job = await queue.add('canary', {}, { ...JOB_OPTIONS, priority: 0 })
      await expireKeys(sender, queue, job.id ?? '').catch(onError)
    },
    returned: () => {
      const since = back
      back = 0
      return since
    },
    close: async () => {
      await worker.close()
      await queue.close()
      await clear(sender, name).catch(onError)
    },
  }
}

const KEYS = ['', 'meta', 'id', 'events', 'marker', 'wait', 'active', 'stalled', 'stalled-check', 'delayed', 'pc']

/** In Redis the keys themselves know when they are forgotten. */
async function expireKeys({ sender }: Backend, queue: Queue, jobId: string): Promise<void> {
  if (sender === null) return
  const pipeline = sender.pipeline()
  for (const key of [...KEYS, jobId]) pipeline.pexpire(queue.toKey(key), FORGET_MS)
  await pipeline.exec()
}

/** In Postgres each process clears up after those that could not do so themselves. */
async function clearForgotten(backend: Backend): Promise<void> {
  if (backend.pool === null) return
  const { rows } = await backend.pool.query<{ queue: string }>(
    `select queue from event where queue like $1 group by queue having max(created_at_ms) < $2`,
    [`${PREFIX}%`, Date.now() - FORGET_MS],
  )
  for (const { queue } of rows) await clear(backend, queue)
}

async function clear(backend: Backend, name: string): Promise<void> {
  const queue = backend.queue(name)
  // A queue writes of itself when it is opened: not after it has been cleared.
  await queue.getVersion()
  await queue.obliterate({ force: true })
  await queue.close()
}
