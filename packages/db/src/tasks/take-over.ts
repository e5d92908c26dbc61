import { sql } from 'kysely'
import type { Db } from '../connect.ts'
import type { TaskRef } from './step.ts'

/**
 * Ends the leases of an earlier process of this worker's name, which is known to be gone: the reconciler then recovers its
 * work at once instead of a lease later. One that has run out is the reconciler's already: moved, it would look renewed to a
 * sweep at that moment. What the last step of the earlier process is claiming just now is not seen, and is recovered a lease
 * later. Answers the tasks and runs whose leases it has ended.
 */
export async function expireLeasesOf(
  db: Db,
  worker: string,
): Promise<Readonly<{ tasks: readonly TaskRef[]; runs: readonly number[] }>> {
  const { rows } = await sql<{ tasks: TaskRef[]; runs: number[] }>`
    with t as (
      update flotilla.tasks t set due = clock_timestamp() from flotilla.runs r
      where r.live and t.run_id = r.id and t.worker = ${worker} and t.status in ('in_progress', 'verifying')
        and t.due > clock_timestamp() returning t.run_id as "runId", t.idx),
    r as (update flotilla.runs set due = clock_timestamp() where live and holder = ${worker} and due > clock_timestamp() returning id)
    select coalesce((select json_agg(t) from t), '[]') as tasks, coalesce((select json_agg(id) from r), '[]') as runs`.execute(
    db,
  )
  return rows[0] ?? { tasks: [], runs: [] }
}
