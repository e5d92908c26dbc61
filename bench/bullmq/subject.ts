import path from 'node:path'
import type { Queue } from 'bullmq'
import type { ShapeName } from '../options.ts'
import { temporaryFolder, type Scope } from '../scope.ts'
import { startProcess } from '../services/process.ts'
import { openRuns } from '../runs.ts'
import { SHAPE_TASKS, expectedValue } from '../shapes.ts'
import type { Subject } from '../throughput.ts'
import { createSchema, openBullMq } from './connect.ts'
import { firstFlow } from './flows.ts'

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
  const runs = openRuns("BullMQ's worker", expectedValue(SHAPE_TASKS[shape]))
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

async function checkJobs(queue: Queue, tasks: number): Promise<void> {
  const { completed = 0, ...rest } = await queue.getJobCounts()
  const left = Object.values(rest).reduce((sum, n) => sum + n, 0)
  if (completed !== tasks || left > 0)
    throw new Error(`BullMQ holds ${completed} completed jobs and ${left} others; expected ${tasks} and none`)
}
