import { cleanRecord, type CleanRecordDeps } from '@flotilla/db'
import { createLoopService, type Log, type Service } from '@flotilla/runtime'

const INTERVAL_MS = 10_000
/** Of a quarter of a second at most each: a backlog takes its time, and leaves the database time for others. */
const PIECES_A_ROUND = 20

/** Removes and thins out what is older than it is kept, a few pieces at a time. Stops between two pieces. */
export function createCleaner(deps: CleanRecordDeps & Readonly<{ log: Log }>): Service {
  let stopping = new AbortController()
  const loop = createLoopService({
    name: 'cleaner',
    intervalMs: INTERVAL_MS,
    jitter: 0.2,
    runOnce: async () => {
      const cleaned = await cleanRecord(deps, PIECES_A_ROUND, stopping.signal)
      if (cleaned.removed + cleaned.trimmed > 0) deps.log.info(cleaned, 'old runs were cleaned up')
      return cleaned
    },
    log: deps.log,
    onError: (error) => deps.log.warn({ err: error }, 'cleaning up old runs failed; it is tried again'),
  })
  return {
    ...loop,
    start() {
      if (stopping.signal.aborted) stopping = new AbortController()
      loop.start()
    },
    stop() {
      stopping.abort()
      return loop.stop()
    },
  }
}
