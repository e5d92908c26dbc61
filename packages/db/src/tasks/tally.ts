import { attemptTally, DEFAULT_MAX_ATTEMPTS, type AttemptCounts, type AttemptTally } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import type { TaskRef } from './step.ts'

type Row = AttemptCounts & Readonly<{ maxAttempts: number; cutOffs: number }>

/** How often a task was tried in each way, with the caps. The last conversation begins with its last first, retry or revision. */
export async function readTally(tx: Tx, ref: TaskRef): Promise<AttemptTally> {
  const { rows } = await sql<Row>`
    select t.tries, t.recoveries, t.revisions, t.continuations, coalesce((s.spec ->> 'maxAttempts')::int, ${DEFAULT_MAX_ATTEMPTS}) as "maxAttempts",
      (select count(*) from flotilla.turns u where u.run_id = t.run_id and u.idx = t.idx and u.stop_reason = 'max_tokens'
        and u.attempt >= case when t.status = 'in_progress' and t.kind in ('first', 'retry', 'revision') then t.attempt
          else coalesce((select max(number) from flotilla.attempts a where a.run_id = t.run_id and a.idx = t.idx
            and a.kind in ('first', 'retry', 'revision')), 1) end) as "cutOffs"
    from flotilla.tasks t join flotilla.task_specs s on s.run_id = t.run_id and s.idx = t.idx
    where t.run_id = ${ref.runId} and t.idx = ${ref.idx}`.execute(tx)
  const [row] = rows
  if (row === undefined) throw new Error(`run ${ref.runId} has no task ${ref.idx}`)
  return attemptTally(row, row.cutOffs, row.maxAttempts)
}
