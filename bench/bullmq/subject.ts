import path from 'node:path'
import type { Queue } from 'bullmq'
import type { ShapeName } from '../options.ts'
import { temporaryFolder, type Scope } from '../scope.ts'
import { startProcess } from '../services/process.ts'
import { SHAPE_TASKS, expectedValue } from '../shapes.ts'
import type { Subject } from '../throughput.ts'
import { createSchema, openBullMq } from './connect.ts'
import { firstFlow } from './flows.ts'
import type { WorkerMessage } from './worker.ts'

export interface BullMqSubject extends Subject {
  /** The worker's. */
  readonly pid: number
  /** Fails unless BullMQ holds every task of every run as completed. */
  check(): Promise<void>
}

const WORKER = path.join(import.meta.dirname, 'worker.ts')
const ADDED_AT_ONCE = 100

/** BullMQ flows alone: a worker process, and this process as the one that submits. */
export async function startBullMq(
  scope: Scope,
  { url, shape, concurrency }: Readonly<{ url: string; shape: ShapeName; concurrency: number }>,
): Promise<BullMqSubject> {
  if (!url.startsWith('redis:')) await createSchema(url)
  const runs = createRuns(expectedValue(SHAPE_TASKS[shape]))
  const worker = await startProcess(scope, {
    name: 'bullmq-worker',
    command: process.execPath,
    args: [WORKER, url, String(concurrency)],
    env: { PATH: process.env['PATH'] },
    folder: await temporaryFolder(scope),
    onMessage: (message) => runs.hear(message),
  })
  await Promise.race([runs.ready, worker.ended])
  const bullmq = openBullMq(url)
  const flows = bullmq.flows()
  const queue = bullmq.queue()
  flows.on('error', runs.fail)
  queue.on('error', runs.fail)
  scope.add('bullmq', async () => void (await Promise.all([flows.close(), queue.close()])))
  const submit = async (count: number): Promise<void> => {
    const ids = Array.from({ length: count }, () => runs.begin())
    for (let i = 0; i < count; i += ADDED_AT_ONCE)
      await flows.addBulk(ids.slice(i, i + ADDED_AT_ONCE).map((id) => firstFlow(shape, id)))
  }
  const run = async (count: number): Promise<number> => {
    const begun = performance.now()
    await Promise.race([Promise.all([submit(count), runs.ended()]), worker.ended])
    return performance.now() - begun
  }
  return {
    pid: worker.pid,
    runMany: run,
    // Its end is known by being heard of.
    async runOne() {
      const ms = await run(1)
      return { endedMs: ms, heardMs: ms }
    },
    check: () => checkJobs(queue, runs.count() * SHAPE_TASKS[shape].length),
  }
}

/** The runs that are under way, as the worker tells of them. */
function createRuns(expected: number) {
  const open = new Set<string>()
  const ready = awaited()
  let idle = awaited()
  let count = 0
  const fail = (error: Error): void => {
    ready.reject(error)
    idle.reject(error)
  }
  return {
    ready: ready.promise,
    fail,
    begin(): string {
      if (open.size === 0) idle = awaited()
      const id = `r${count}`
      count += 1
      open.add(id)
      return id
    },
    /** All that have begun have ended. */
    ended: (): Promise<void> => idle.promise,
    count: () => count,
    hear(received: unknown): void {
      const message = received as WorkerMessage
      if (message.kind === 'ready') return ready.resolve()
      if (message.kind === 'failed') return fail(new Error(`BullMQ's worker: ${message.message}`))
      const { run, value } = message
      if (value !== expected) return fail(new Error(`run ${run} came to ${value}; expected ${expected}`))
      if (!open.delete(run)) return fail(new Error(`run ${run} ended twice`))
      if (open.size === 0) idle.resolve()
    },
  }
}

/** A failure between two measurements waits for the next one. */
function awaited(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>()
  resolvers.promise.catch(() => {})
  return resolvers
}

async function checkJobs(queue: Queue, tasks: number): Promise<void> {
  const { completed = 0, ...rest } = await queue.getJobCounts()
  const left = Object.values(rest).reduce((sum, n) => sum + n, 0)
  if (completed !== tasks || left > 0)
    throw new Error(`BullMQ holds ${completed} completed jobs and ${left} others; expected ${tasks} and none`)
}
