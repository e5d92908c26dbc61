import { readSchemaProblem, transact, type Db } from '@flotilla/db'
import { createQueueWatch, type WorkerEngine } from '@flotilla/engine'
import { openCanary, type Backend } from '@flotilla/queue'
import { NotReady, within, type Check, type Log } from '@flotilla/runtime'
import { serveHealth, type Health, type MetricsText } from './health.ts'

export type SelfWatchDeps = Readonly<{
  worker: string
  healthPort: number | undefined
  /** Beside the probes, what Prometheus scrapes; without it nobody is told. */
  metrics: Readonly<{ port: number; of: MetricsText }> | null
  db: Db
  backend: Backend
  engine: Pick<WorkerEngine, 'endedConsumers'>
  log: Log
  /** The process cannot serve its queues any more and is to be ended. */
  onDead: (reason: string) => void
}>

export type SelfWatch = Readonly<{
  /** Where probes are answered, and where metrics are, too; null where no port is set. */
  healthPort: number | null
  metricsPort: number | null
  /** When draining begins: consumers that end from now on are meant to. */
  drain(): Promise<void>
  close(): Promise<void>
}>

/** A canary later than this makes the process not ready, long before it ends it. */
const LATE_MS = 10_000
const CLOSE_MS = 2_000

/** The process's watch over itself: canaries through the queue, and, where a port is set, what probes ask for. */
export async function startSelfWatch(deps: SelfWatchDeps): Promise<SelfWatch> {
  const { backend, log } = deps
  const canary = await openCanary(backend, {
    name: deps.worker,
    onError: (error) => log.debug({ err: error }, 'canary'),
  })
  const watch = createQueueWatch({ canary, ended: () => deps.engine.endedConsumers(), onDead: deps.onDead, log })
  const alive: Check = async () => {
    const { lateMs } = watch.health()
    if (lateMs > LATE_MS)
      throw new NotReady(`for ${Math.round(lateMs / 1_000)} s nothing of it has reached this process`)
  }
  const checks = { ...recordChecks(deps.db), queue: () => backend.ping(), consumers: alive }
  const { healthPort, metrics } = deps
  const health =
    healthPort === undefined ? null : await serveHealth({ port: healthPort, setting: 'FLOTILLA_HEALTH_PORT', checks })
  const scraped =
    metrics &&
    (await serveHealth({ port: metrics.port, setting: 'FLOTILLA_METRICS_PORT', metrics: metrics.of, checks }))
  const listeners: readonly Health[] = [health, scraped].filter((each) => each !== null)
  watch.start()
  return {
    healthPort: health?.port ?? null,
    metricsPort: scraped?.port ?? null,
    drain: () => {
      for (const each of listeners) each.drain()
      return watch.stop()
    },
    close: async () => {
      await within(canary.close(), CLOSE_MS)
      await Promise.all(listeners.map((each) => each.close()))
    },
  }
}

const recordChecks = (db: Db): Record<'database' | 'migrations', Check> => ({
  database: () => transact(db, () => Promise.resolve()),
  migrations: async () => {
    const problem = await transact(db, readSchemaProblem)
    if (problem !== null) throw new NotReady(problem)
  },
})
