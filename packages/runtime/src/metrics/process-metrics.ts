import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Registry } from '@prometheus-io/client'
import { addGauge, addGaugeBy } from './gauges.ts'

/** How full a pool of database connections is. */
export type PoolCounts = Readonly<{ totalCount: number; idleCount: number; waitingCount: number }>

export type ProcessFacts = Readonly<{ version: string; pools: readonly PoolCounts[] }>

export type ProcessMetrics = Readonly<{
  /** Where the process's own metrics go, too. */
  registry: Registry
  close(): void
}>

/** Milliseconds between two looks at the event loop: the monitor counts them as delay, too. */
const LOOK_MS = 20
const NANOSECONDS = 1e9

/** What every process tells of itself: version, event-loop delay since the last scrape, memory, database connections. */
export function createProcessMetrics({ version, pools }: ProcessFacts): ProcessMetrics {
  const registry = new Registry()
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS })
  delay.enable()
  addGaugeBy(registry, {
    name: 'flotilla_build_info',
    help: 'Always 1; the version that runs.',
    label: 'version',
    read: () => ({ [version]: 1 }),
  })
  addGaugeBy(registry, {
    name: 'flotilla_event_loop_delay_seconds',
    help: 'How late the event loop was, since the last scrape.',
    label: 'quantile',
    read: () => {
      const late = (percentile: number): number =>
        Math.max(0, delay.percentile(percentile) / NANOSECONDS - LOOK_MS / 1_000)
      const values = { '0.5': late(50), '0.99': late(99) }
      delay.reset()
      return values
    },
  })
  addGauge(registry, {
    name: 'flotilla_heap_used_bytes',
    help: 'JavaScript heap in use.',
    read: () => process.memoryUsage().heapUsed,
  })
  addGauge(registry, {
    name: 'flotilla_resident_memory_bytes',
    help: 'Resident memory of the process (RSS).',
    read: () => process.memoryUsage.rss(),
  })
  addGaugeBy(registry, {
    name: 'flotilla_db_pool',
    help: 'Database connections of the process, and requests that wait for one.',
    label: 'state',
    read: () => poolStates(pools),
  })
  return { registry, close: () => delay.disable() }
}

function poolStates(pools: readonly PoolCounts[]): Record<'used' | 'idle' | 'waiting', number> {
  const sum = (of: (pool: PoolCounts) => number): number => pools.reduce((all, pool) => all + of(pool), 0)
  return {
    used: sum((pool) => pool.totalCount - pool.idleCount),
    idle: sum((pool) => pool.idleCount),
    waiting: sum((pool) => pool.waitingCount),
  }
}
