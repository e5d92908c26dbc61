import type { FleetFigures, WorkerAtWork, WorkerRow } from '@flotilla/db'
import {
  laterCounts,
  NO_BACKLOG,
  perMinute,
  SILENT_AFTER_SECONDS,
  sumCounts,
  TOLD_MINUTES,
  type Backlog,
  type CountedPool,
  type FleetPool,
  type FleetReconciler,
  type FleetView,
  type FleetWorker,
} from '@flotilla/domain'

export type FleetParts = Readonly<{
  backlogs: ReadonlyMap<CountedPool, Backlog>
  figures: FleetFigures
  atWork: readonly WorkerAtWork[]
  workers: readonly WorkerRow[]
}>

const MINUTE_MS = 60_000

/** The fleet as it is shown, at `now` in milliseconds since the epoch. */
export const fleetView = (parts: FleetParts, now: number): FleetView => ({
  runs: parts.figures.runs,
  pools: poolsOf(parts, now),
  countedSeconds: countedSeconds(parts.workers, now),
  workers: workersOf(parts),
  reconciler: reconcilerOf(parts.workers, now),
})

/** Since the last of the workers started: one that ended before took its counts along. */
function countedSeconds(workers: readonly WorkerRow[], now: number): number | null {
  if (workers.length === 0) return null
  const since = Math.max(...workers.map(({ startedAt }) => startedAt.getTime()))
  return Math.min(TOLD_MINUTES * 60, Math.max(0, (now - since) / 1_000))
}

function poolsOf({ backlogs, figures, workers }: FleetParts, now: number): FleetPool[] {
  const done = sumCounts(
    workers.map(({ told }) => told),
    Math.floor(now / MINUTE_MS),
  )
  const names = [...new Set<string>([...backlogs.keys(), ...done.keys()])].toSorted()
  return names.map((pool) => {
    const backlog = backlogs.get(pool as CountedPool) ?? NO_BACKLOG
    const counts = done.get(pool) ?? laterCounts([], TOLD_MINUTES)
    return {
      pool,
      ...backlog,
      waiting: { ...backlog.waiting },
      oldestSeconds: figures.oldest[pool as CountedPool] ?? null,
      done: counts,
      donePerMinute: perMinute(counts, now),
    }
  })
}

function workersOf({ atWork, workers }: FleetParts): FleetWorker[] {
  const tasks = new Map(atWork.map((worker) => [worker.name, worker.tasks]))
  const told = workers.map((row) => workerOf(row, tasks.get(row.name) ?? 0))
  const known = new Set(workers.map(({ name }) => name))
  return [...told, ...atWork.filter(({ name }) => !known.has(name)).map(untold)].toSorted((a, b) =>
    a.name.localeCompare(b.name, 'en', { numeric: true }),
  )
}

function workerOf({ name, startedAt, silentSeconds, told }: WorkerRow, tasks: number): FleetWorker {
  const busy = tasks > 0 ? 'working' : 'idle'
  return {
    name,
    state: silentSeconds > SILENT_AFTER_SECONDS ? 'silent' : told.draining ? 'draining' : busy,
    tasks,
    places: told.places,
    judgePlaces: told.judgePlaces ?? null,
    roles: [...told.roles],
    version: told.version,
    startedAt: startedAt.toISOString(),
    heardSecondsAgo: silentSeconds,
  }
}

const untold = ({ name, tasks }: WorkerAtWork): FleetWorker => ({
  name,
  state: 'working',
  tasks,
  places: null,
  judgePlaces: null,
  roles: [],
  version: null,
  startedAt: null,
  heardSecondsAgo: null,
})

function reconcilerOf(workers: readonly WorkerRow[], now: number): FleetReconciler | null {
  const sweepers = workers
    .flatMap(({ name, silentSeconds, told: { chores, minute } }) =>
      chores === null ? [] : [{ ...chores, minute, name, sweptSecondsAgo: silentSeconds + chores.sweptMsAgo / 1_000 }],
    )
    .toSorted((a, b) => a.sweptSecondsAgo - b.sweptSecondsAgo)
  const [last] = sweepers
  if (last === undefined) return null
  const counts = sumCounts(sweepers, Math.floor(now / MINUTE_MS))
  const of = (name: string): number[] => counts.get(name) ?? laterCounts([], TOLD_MINUTES)
  return {
    worker: last.name,
    sweptSecondsAgo: last.sweptSecondsAgo,
    everySeconds: last.everyMs / 1_000,
    done: Object.fromEntries([...counts].map(([name, each]) => [name, each.reduce((a, b) => a + b, 0)])),
    recovered: of('recovered'),
    woken: of('woken'),
  }
}
