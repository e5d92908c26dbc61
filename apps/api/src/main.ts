import { ConfigurationError } from '@flotilla/domain'
import { createLogger, createShutdown } from '@flotilla/runtime'
import { readConfig } from './config.ts'
import { startApi } from './start-api.ts'

/** Requests under way get this long; streams are ended at once. */
const DRAIN_MAX_MS = 5_000

/** The API process: reads its environment, serves, and drains on SIGTERM. Standard output holds one line, when it listens. */
async function main(): Promise<void> {
  const config = readConfig()
  const log = createLogger({ name: 'api', level: config.FLOTILLA_LOG_LEVEL })
  const drainMs = Math.min(DRAIN_MAX_MS, config.FLOTILLA_DRAIN_SECONDS * 1_000)
  const shutdown = createShutdown({ log, drainMs: drainMs + 2_000 })
  shutdown.listen(process)
  const api = await startApi(config, log)
  shutdown.register('api', () => api.stop(drainMs))
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: api.url })}\n`)
  log.info({ url: api.url }, 'listening')
}

main().catch((error: unknown) => {
  const message =
    error instanceof ConfigurationError ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`flotilla api: ${message}\n`)
  process.exit(1)
})
