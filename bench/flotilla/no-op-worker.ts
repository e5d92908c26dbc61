import { readConfig, startWorker, type Execute } from '@flotilla/worker'
import { createLogger } from '@flotilla/runtime'
import { valueOf } from '../shapes.ts'

/**
 * A worker process like every other, but for what its tasks do: each reads its record, as all do, and computes 1 and what its
 * dependencies have computed. No model is called: what is left is what orchestration costs.
 */
const execute: Execute = (deps) => async (task) => {
  const record = task.record ?? (await deps.readTask(task))
  const inputs = record?.dependencies.map(({ output }) => Number(output.text)) ?? []
  const output = { text: String(valueOf(inputs)), artifacts: [], citations: [], simulated: true }
  const { runId, idx, fence, judge, kind } = task
  return { runId, idx, fence, judged: judge, verb: 'complete', delayMs: 0, data: { kind, output } }
}

const config = readConfig()
const log = createLogger({ name: 'worker', level: config.FLOTILLA_LOG_LEVEL })
const worker = await startWorker(
  config,
  log,
  (reason) => void process.exit(log.fatal({ reason }, 'ends') ?? 75),
  execute,
)
process.on('SIGTERM', () => void worker.stop(config.FLOTILLA_DRAIN_SECONDS * 1_000).then(() => process.exit(0)))
process.stdout.write(`${JSON.stringify({ event: 'ready', worker: worker.name })}\n`)
