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
      join flotilla.tasks t on t.run_id = r.id
      join flotilla.task_specs s on s.run_id = t.run_id and s.idx = t.idx
      left join flotilla.agents a on a.workspace_id = t.workspace_id and a.id = s.agent_id
    where r.live and r.status = 'executing' and t.status in ('ready', 'to_verify', 'revising')
      and t.wait ->> 'laneId' is not null and t.not_before > clock_timestamp()
    order by t.run_id, t.idx`.execute(db)
  return rows
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
