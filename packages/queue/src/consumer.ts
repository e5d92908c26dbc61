import type { Worker } from 'bullmq'
import type { Backend } from './backend.ts'
import { parseJob, type Delivery } from './jobs.ts'

export type ConsumerSettings = Readonly<{
  queue: string
  concurrency: number
  lockDurationMs: number
  /** Runs until the delivery may be acknowledged. `signal` aborts when the job's lock is lost or the process drains. */
  handle: (delivery: Delivery, signal: AbortSignal) => Promise<void>
  onError: (error: Error) => void
}>

/** A queue's consumer. `pause` stops fetching and lets deliveries under way go on; `close` waits for them. */
export type Consumer = Readonly<{
  queue: string
  ready(): Promise<void>
  /** False once it has ended by itself: it then fetches nothing any more. */
  alive(): boolean
  pause(): void
  resume(): void
  close(): Promise<void>
}>

const NEVER = new AbortController().signal

export function createConsumer(backend: Backend, settings: ConsumerSettings): Consumer {
  // The signal is passed only to a processor declared with three plain parameters.
  const worker: Worker = backend.worker(
    settings.queue,
    {
      concurrency: settings.concurrency,
      lockDurationMs: settings.lockDurationMs,
      stalledIntervalMs: Math.max(1_000, Math.round(settings.lockDurationMs / 2)),
    },
    async (job, _token, signal) => {
      await settings.handle(parseJob(job.name, job.data, job.opts?.priority), signal ?? NEVER)
      return null
    },
  )
  worker.on('lockRenewalFailed', (jobIds: string[]) => {
    for (const jobId of jobIds) worker.cancelJob(jobId, 'lock_lost')
  })
  worker.on('failed', (_job, error) => settings.onError(error))
  return {
    queue: settings.queue,
    ready: async () => void (await worker.waitUntilReady()),
    alive: () => worker.isRunning() || worker.isPaused(),
    pause: () => void worker.pause(true).catch(settings.onError),
    resume: () => void worker.resume().catch(settings.onError),
    close: () => worker.close(),
  }
}
