import { sql } from 'kysely'
import type { Db } from '../connect.ts'
import type { TaskRef, WakeUp } from './step.ts'

/** A task that rests until its lane opens. `allowed`: the models that its agent names; null: it names none. */
export type LaneWait = TaskRef &
  Readonly<{ lane: string; judge: boolean; model: string | null; allowed: readonly string[] | null }>

/** Tasks of runs at work that rest for a lane, of all workspaces. */
export async function readLaneWaits(db: Db): Promise<LaneWait[]> {
  const { rows } = await sql<LaneWait>`
    select t.run_id as "runId", t.idx, t.wait ->> 'laneId' as lane, t.status = 'to_verify' as judge, s.model,
      a.model_settings -> 'allowedModels' as allowed
    from flotilla.runs r
      join flotilla.tasks t on t.run_id = any (array[r.id])
      cross join lateral (select model, agent_id from flotilla.task_specs where run_id = t.run_id and idx = t.idx offset 0) s
      left join lateral (select model_settings from flotilla.agents where workspace_id = t.workspace_id and id = s.agent_id offset 0) a on true
    where r.live and r.status = 'executing' and t.status in ('ready', 'to_verify', 'revising')
      and t.wait ->> 'laneId' is not null and t.not_before > clock_timestamp()
    order by t.run_id, t.idx`.execute(db)
  return rows
}

/** Who asked the gate just before a lane was opened by hand has its answer on record up to this much later. */
const ON_ITS_WAY_MS = 2_000
/** A worker whose own circuit is still open hands a task back again: not more often than this. */
const CIRCUIT_LOOK_MS = 15_000

/**
 * Has up to `limit` tasks of all workspaces due now that were told to rest until a lane opens which has been opened since, or
 * behind a worker's open circuit of a lane that has answered since. Answers those to be woken; what is left is for the next call.
 */
export async function dropOutlivedWaits(db: Db, limit: number): Promise<WakeUp[]> {
  const { rows } = await sql<Omit<WakeUp, 'delayMs'>>`
    with lanes as materialized (
      select id, (state ->> 'openedAt')::float8 as opened, (state ->> 'answeredAt')::float8 as answered
      from flotilla.model_lanes where state ?| array['openedAt', 'answeredAt']),
    outlived as (
      select t.run_id, t.idx from flotilla.runs r
        join flotilla.tasks t on t.run_id = any (array[r.id])
        join lanes l on l.id = t.wait ->> 'laneId'
        cross join lateral (select coalesce((t.wait ->> 'at')::float8, 0) as at) told
      where r.live and r.status = 'executing' and t.status in ('ready', 'to_verify', 'revising')
        and t.not_before > clock_timestamp()
        and (told.at < l.opened + ${ON_ITS_WAY_MS}::float8 or (t.wait ? 'circuit' and told.at < l.answered
          and told.at < extract(epoch from clock_timestamp()) * 1000 - ${CIRCUIT_LOOK_MS}::float8))
      order by t.not_before limit ${limit} for update of t skip locked)
    update flotilla.tasks t set wait = null, not_before = null, due = clock_timestamp()
    from outlived o where t.run_id = o.run_id and t.idx = o.idx
    returning t.run_id as "runId", t.idx, t.role, t.priority, t.status = 'to_verify' as judge`.execute(db)
  return rows.map((row) => ({ ...row, delayMs: 0 }))
}

/** Has tasks that still rest for a lane due now. Answers those to be woken. */
export async function dropLaneWaits(db: Db, waits: readonly LaneWait[]): Promise<WakeUp[]> {
  if (waits.length === 0) return []
  const { rows } = await sql<Omit<WakeUp, 'delayMs'>>`
    update flotilla.tasks t set wait = null, not_before = null, due = clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(waits)}::jsonb) x("runId" bigint, idx int, lane text)
    where t.run_id = x."runId" and t.idx = x.idx and t.wait ->> 'laneId' = x.lane
      and t.status in ('ready', 'to_verify', 'revising')
    returning t.run_id as "runId", t.idx, t.role, t.priority, t.status = 'to_verify' as judge`.execute(db)
  return rows.map((row) => ({ ...row, delayMs: 0 }))
}
