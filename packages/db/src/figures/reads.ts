import type { Backlog, CountedPool, RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Db } from '../connect.ts'

/** What there is to do, of all workspaces, by pool; a pool without work is left out. As the engine, since it is nobody's own. */
export async function readBacklogs(db: Db): Promise<ReadonlyMap<CountedPool, Backlog>> {
  const { rows } = await sql<{ r: readonly (Backlog & { pool: CountedPool })[] }>`
    select flotilla.backlogs() as r`.execute(db)
  return new Map(rows[0]?.r.map(({ pool, ...backlog }) => [pool, backlog]))
}

/** `oldest`: for how many seconds the work of a pool that has waited longest was claimable, about; without an entry nothing waits. */
export type FleetFigures = Readonly<{
  runs: Readonly<Partial<Record<RunStatus, number>>>
  oldest: Readonly<Partial<Record<CountedPool, number>>>
}>

/** Live runs and the age of what waits, of all workspaces. */
export async function readFleetFigures(db: Db): Promise<FleetFigures> {
  const { rows } = await sql<{ r: FleetFigures }>`select flotilla.fleet_figures() as r`.execute(db)
  return rows[0]?.r ?? { runs: {}, oldest: {} }
}

export type WorkerAtWork = Readonly<{ name: string; tasks: number }>

/** Who has a task in hand, of all workspaces, and how many. */
export async function readWorkersAtWork(db: Db): Promise<readonly WorkerAtWork[]> {
  const { rows } = await sql<WorkerAtWork>`
    select t.worker as name, count(*)::int as tasks
    from flotilla.runs r cross join lateral (
      select worker from flotilla.tasks where run_id = r.id and status in ('in_progress', 'verifying') offset 0) t
    where r.live and t.worker is not null group by t.worker order by t.worker`.execute(db)
  return rows
}
