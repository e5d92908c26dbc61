import type { LaneRow } from '@flotilla/db'
import { backlogOf, isTerminalRun, POOL_NAMES, RUN_STATUSES, type CountedPool } from '@flotilla/domain'
import { formatModelName, OTHER_MODEL } from '@flotilla/llm'
import type { Log } from '@flotilla/runtime'
import { addGauge, addGaugeBy, createProcessMetrics, type PoolCounts } from '@flotilla/runtime/metrics'
import { Histogram } from '@prometheus-io/client'
import { laneOf, stateOf } from '../lane-view.ts'
import { VERSION } from '../version.ts'
import type { FleetReads } from './fleet-reads.ts'

export type AnsweredRequest = Readonly<{ route: string; method: string; status: number; seconds: number }>

export type ApiMetrics = Readonly<{
  onRequest(request: AnsweredRequest): void
  /** Prometheus text. */
  text(): Promise<string>
  contentType: string
  close(): void
}>

export type ApiMetricsDeps = Readonly<{
  fleet: FleetReads
  modelLabel: (ref: string) => string
  sseReaders: () => number
  pools: readonly PoolCounts[]
  log: Log
}>

const NO_RUNS = Object.fromEntries(RUN_STATUSES.filter((status) => !isTerminalRun(status)).map((status) => [status, 0]))

/** What the API process tells Prometheus: of itself, and, out of the record, of the fleet. */
export function createApiMetrics(deps: ApiMetricsDeps): ApiMetrics {
  const { registry, close } = createProcessMetrics({ version: VERSION, pools: deps.pools })
  const requests = new Histogram({
    name: 'flotilla_http_request_duration_seconds',
    help: 'Time to the answer of a request; to the beginning of it where it is a stream.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  addGauge(registry, {
    name: 'flotilla_sse_readers',
    help: 'Clients that follow a run or a task.',
    read: deps.sseReaders,
  })
  const gauge = (name: string, help: string, label: string, read: () => Promise<Record<string, number>>): void =>
    addGaugeBy(registry, { name, help, label, read: () => unlessAway(deps.log, read) })
  gauge(
    'flotilla_queue_depth',
    'Work in progress or ready and due, by pool; agents is the sum of agent:<role>.',
    'pool',
    () => depths(deps.fleet),
  )
  gauge(
    'flotilla_queue_oldest_age_seconds',
    'How long the work that has waited longest was ready and due, by pool; about.',
    'pool',
    () => ages(deps.fleet),
  )
  gauge('flotilla_runs', 'Runs that have not ended, by status.', 'status', async () => ({
    ...NO_RUNS,
    ...(await deps.fleet.figures()).runs,
  }))
  gauge(
    'flotilla_lane_open',
    'Whether a provider, model and key may be called now: 1, or 0 for closed.',
    'lane',
    async () => openLanes(await deps.fleet.lanes(), deps.modelLabel),
  )
  return {
    onRequest: ({ seconds, ...labels }) => requests.observe(labels, seconds),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close,
  }
}

/** With the record away, what is read there is left out: the process's own metrics are wanted then more than ever. */
async function unlessAway(log: Log, read: () => Promise<Record<string, number>>): Promise<Record<string, number>> {
  try {
    return await read()
  } catch (error) {
    log.warn({ err: error }, 'metrics of the fleet cannot be read from the record; they are left out of this scrape')
    return {}
  }
}

/** A pool that is always there is told with 0, too: nothing to do and nobody told are not the same. */
async function depths(fleet: FleetReads): Promise<Record<string, number>> {
  const counted = await fleet.backlogs()
  return Object.fromEntries(
    [...new Set([...POOL_NAMES, ...counted.keys()])].map((pool) => {
      const { inProgress, ready } = backlogOf(counted, pool)
      return [pool, inProgress + ready]
    }),
  )
}

async function ages(fleet: FleetReads): Promise<Record<string, number>> {
  const { oldest } = await fleet.figures()
  const ofRoles = (Object.keys(oldest) as CountedPool[]).filter((pool) => pool.startsWith('agent:'))
  return {
    ...Object.fromEntries(POOL_NAMES.map((pool) => [pool, 0])),
    ...oldest,
    agents: Math.max(0, ...ofRoles.map((pool) => oldest[pool] ?? 0)),
  }
}

/** Lanes of models that are told as another have one value together: whether all of them are open. */
function openLanes(rows: readonly LaneRow[], modelLabel: (ref: string) => string): Record<string, number> {
  const open: Record<string, number> = {}
  for (const { id, state, now } of rows) {
    const ref = formatModelName(laneOf(id))
    const lane = modelLabel(ref) === ref ? id : OTHER_MODEL
    const isOpen = now >= stateOf({ state }).closedUntil ? 1 : 0
    open[lane] = Math.min(open[lane] ?? 1, isOpen)
  }
  return open
}
