import type pg from 'pg'
import type { StruckFault } from '../faults/fault.ts'
import type { Fleet } from '../ground/fleet.ts'
import type { Journal } from '../model/journal.ts'
import { checkAcknowledged, type Acknowledged } from './check-acknowledged.ts'
import { isBuried } from './check-outcomes.ts'
import { checkRun, type CheckContext } from './check-run.ts'
import { TASK_END, type RunHistory, type RunRow, type Violation } from './history.ts'
import type { OutcomeSeals } from './outcome-seals.ts'
import { readHistories } from './read-history.ts'
import { gapsOf, recoveriesOf, type Gap, type Recovery } from './recovery.ts'

export type VerifyInput = Readonly<{
  pool: pg.Pool
  seed: number
  journal: Journal
  seals: OutcomeSeals
  acknowledged: readonly Acknowledged[]
  struck: readonly StruckFault[]
  fleet: Pick<Fleet, 'crashes'>
  /** Workers that did not end by themselves. */
  overrun: readonly number[]
  /** Null where nothing was migrated in mid-campaign. */
  migratedAt: number | null
}>

export type Counts = {
  runs: { acknowledged: number; completed: number; failed: number; live: number }
  /** `again` counts the starts of what a lost or a draining worker had begun. */
  tasks: { ended: number; starts: number; again: number; lost: number; released: number; buried: number }
  turns: number
  startsAfterMigration: { earlier: number; present: number }
}

export type Verified = Readonly<{ violations: readonly Violation[]; recoveries: readonly Recovery[]; counts: Counts }>

/** Reads the whole record once: what is violated, how fast it recovered, and the figures of the report. */
export async function verify(input: VerifyInput): Promise<Verified> {
  const context: CheckContext = { ...input, claimed: new Map() }
  const violations: Violation[] = []
  const gaps: Gap[] = []
  const runs: RunRow[] = []
  const counts = noCounts(input.acknowledged.length)
  for await (const history of readHistories(input.pool)) {
    runs.push(history.run)
    violations.push(...checkRun(history, context))
    gaps.push(...gapsOf(history))
    addCounts(counts, history)
    addVersions(counts, history, input.migratedAt)
  }
  violations.unshift(
    ...checkAcknowledged(input.acknowledged, runs),
    ...checkWorkers(input),
    ...(await checkPools(input.pool)),
  )
  return { violations, recoveries: recoveriesOf(input.struck, gaps), counts }
}

function noCounts(acknowledged: number): Counts {
  return {
    runs: { acknowledged, completed: 0, failed: 0, live: 0 },
    tasks: { ended: 0, starts: 0, again: 0, lost: 0, released: 0, buried: 0 },
    turns: 0,
    startsAfterMigration: { earlier: 0, present: 0 },
  }
}

function addCounts(counts: Counts, history: RunHistory): void {
  const { run, tasks, events, attempts, turns } = history
  counts.runs.live += run.live ? 1 : 0
  counts.runs.completed += run.status === 'completed' ? 1 : 0
  counts.runs.failed += run.status === 'failed' ? 1 : 0
  counts.tasks.ended += events.filter((event) => event.type in TASK_END).length
  const starts = events.filter((event) => event.type === 'task.started')
  counts.tasks.starts += starts.length
  counts.tasks.again += starts.filter(
    ({ data }) => data['kind'] === 'recovery' || data['kind'] === 'continuation',
  ).length
  counts.tasks.lost += attempts.filter((attempt) => attempt.status === 'lost').length
  counts.tasks.released += attempts.filter((attempt) => attempt.status === 'released').length
  counts.tasks.buried += tasks.filter((task) => isBuried(history, task)).length
  counts.turns += turns.length
}

function addVersions({ startsAfterMigration }: Counts, { events }: RunHistory, migratedAt: number | null): void {
  if (migratedAt === null) return
  for (const { type, at, data } of events) {
    if (type !== 'task.started' || at <= migratedAt) continue
    const worker = data['worker']
    if (typeof worker === 'string' && worker.startsWith('earlier-')) startsAfterMigration.earlier++
    else startsAfterMigration.present++
  }
}

/** A worker that served ends only when it is told to, and then in time. */
function checkWorkers({ fleet, overrun }: VerifyInput): Violation[] {
  const crashed = fleet.crashes.filter((crash) => crash.ready)
  return [
    ...crashed.map(({ worker, code, signal, at }): Violation => ({
      kind: 'worker_crashed',
      run: '',
      detail: `worker ${worker + 1} ended by itself (${code ?? signal}) at ${new Date(at).toISOString()}`,
    })),
    ...overrun.map((worker): Violation => ({
      kind: 'drain_overrun',
      run: '',
      detail: `worker ${worker + 1} did not end in time, or not with 0`,
    })),
  ]
}

/** With nothing running, nothing holds a place in a pool. */
async function checkPools(pool: pg.Pool): Promise<Violation[]> {
  const { rows } = await pool.query<{ role: string; running: number; active: number }>(
    `select p.role, p.running, (select count(*)::int from flotilla.tasks t where t.role = p.role and t.status = 'in_progress') as active
     from flotilla.pools p`,
  )
  return rows
    .filter(({ running, active }) => running !== active)
    .map(({ role, running, active }): Violation => ({
      kind: 'pool_leak',
      run: '',
      detail: `the pool of ${role} counts ${running} running, on record are ${active}`,
    }))
}
