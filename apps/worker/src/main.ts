import { ConfigurationError } from '@flotilla/domain'
import { createLogger, createShutdown } from '@flotilla/runtime'
import { readConfig } from './config.ts'
import { keepHeapSmall } from './heap.ts'
import { startWorker } from './start-worker.ts'

/** Nothing of the queue reaches the process any more: whoever keeps it running is to start another. */
const EXIT_QUEUE_DEAD = 75

/** A worker process: reads its environment, serves the roles it names, and drains on SIGTERM. */
async function main(): Promise<void> {
  const config = readConfig()
  keepHeapSmall(config.FLOTILLA_CONCURRENCY)
  const log = createLogger({ name: 'worker', level: config.FLOTILLA_LOG_LEVEL })
  const drainMs = config.FLOTILLA_DRAIN_SECONDS * 1_000
  const shutdown = createShutdown({ log, drainMs: drainMs + 5_000 })
  shutdown.listen(process)
  const worker = await startWorker(config, log, (reason) => {
    log.fatal({ reason, exitCode: EXIT_QUEUE_DEAD }, 'ending this process, so that another takes its place')
    void shutdown.run(reason).then(() => process.exit(EXIT_QUEUE_DEAD))
  })
  shutdown.register('worker', () => worker.stop(drainMs))
  const { name, healthPort, metricsPort } = worker
  const ready = {
    event: 'ready',
    worker: name,
    roles: config.FLOTILLA_ROLES,
    ...(healthPort !== null && { healthPort }),
    ...(metricsPort !== null && { metricsPort }),
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

main().catch((error: unknown) => {
  const message =
    error instanceof ConfigurationError ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`flotilla worker: ${message}\n`)
  process.exit(1)
})
