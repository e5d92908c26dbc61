import type { JsonObject } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

/** `now`: the record's clock, in milliseconds, which the state's times are on. */
export type LaneRow = Readonly<{ id: string; state: JsonObject; now: number }>

/** Every lane that was ever asked for. Of the instance: all workspaces share the keys. */
export async function readLanes(tx: Tx): Promise<LaneRow[]> {
  const { rows } = await sql<LaneRow>`
    select id, state, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now
    from flotilla.model_lanes where state <> '{}' order by id`.execute(tx)
  return rows
}

/**
 * Tasks of a workspace that rest for one reason; `lane` null: for room in a budget, or until a provider asks for less. `circuit`:
 * a worker's circuit of the lane is open.
 */
export type WaitingTasks = Readonly<{
  lane: string | null
  circuit: boolean
  why: string | null
  tasks: number
  until: Date
}>

/** Tasks that were handed back without a call, together by lane and reason. Walks the tasks of runs at work. */
export async function readWaitingTasks(tx: Tx, workspaceId: number): Promise<WaitingTasks[]> {
  const { rows } = await sql<WaitingTasks>`
    select t.wait ->> 'laneId' as lane, t.wait ? 'circuit' as circuit, regexp_replace(t.wait ->> 'why', '^waits: ', '') as why, count(*)::int as tasks,
      to_timestamp(max((t.wait ->> 'until')::float8) / 1000) as until
    from flotilla.runs r join flotilla.tasks t on t.run_id = r.id
    where r.workspace_id = ${workspaceId} and r.live and r.status = 'executing'
      and t.status in ('ready', 'to_verify', 'revising') and t.wait is not null
    group by 1, 2, 3 order by tasks desc limit 100`.execute(tx)
  return rows
}

/** Runs of a workspace that rest since a provider refused its key, the newest first. */
export async function readRunsWithoutKey(tx: Tx, workspaceId: number): Promise<{ runId: string; why: string }[]> {
  const { rows } = await sql<{ runId: string; why: string }>`
    select r.uid as "runId", p.data ->> 'reason' as why from flotilla.runs r
      cross join lateral (select data from flotilla.events where run_id = r.id and type = 'run.paused' order by seq desc limit 1) p
    where r.workspace_id = ${workspaceId} and r.live and r.status = 'paused' and p.data ->> 'by' = 'model_key'
    order by r.id desc limit 100`.execute(tx)
  return rows
}
