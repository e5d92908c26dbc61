import { openBullMq, type Job } from './connect.ts'
import type { WorkerMessage } from '../runs.ts'
import { valueOf } from '../shapes.ts'
import { flowOf } from './flows.ts'

/** A worker of BullMQ alone: `node worker.ts URL CONCURRENCY`. */
const [url = '', concurrency = ''] = process.argv.slice(2)
const bullmq = openBullMq(url)
const flows = bullmq.flows()

const tell = (message: WorkerMessage): void => void process.send?.(message)
const fail = (error: Error): void => tell({ kind: 'failed', message: error.message })

async function runJob(job: Job): Promise<number> {
  const { run, shape, inputs, waits, spreads } = job.data
  const children = waits ? await job.getChildrenValues() : {}
  const value = valueOf([...inputs, ...Object.values(children)])
  if (spreads) await flows.add(flowOf(shape, run, new Map([[job.name, value]])))
  return value
}

const worker = bullmq.worker(Number(concurrency), runJob)
worker.on('completed', ({ data }: Pick<Job, 'data'>, value: number) => {
  if (data.last) tell({ kind: 'done', run: data.run, value })
})
worker.on('failed', (_job, error) => fail(error))
worker.on('error', fail)
flows.on('error', fail)
const stop = (): void => process.exit(0)
process.on('SIGTERM', stop)
process.on('disconnect', stop)
await worker.waitUntilReady()
tell({ kind: 'ready' })
