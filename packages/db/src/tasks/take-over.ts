import { sql } from 'kysely'
import type { Db } from '../connect.ts'

/**
 * Ends the leases of an earlier process of this worker's name, which is known to be gone: the reconciler then recovers its
 * work at once instead of a lease later. One that has run out is the reconciler's already: moved, it would look renewed to a
 * sweep at that moment. Answers how many tasks and runs that concerns.
 */
export async function expireLeasesOf(db: Db, worker: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with t as (
      update flotilla.tasks t set due = clock_timestamp() from flotilla.runs r
      where r.live and t.run_id = r.id and t.worker = ${worker} and t.status in ('in_progress', 'verifying')
        and t.due > clock_timestamp() returning 1),
    r as (update flotilla.runs set due = clock_timestamp() where live and holder = ${worker} and due > clock_timestamp() returning 1)
    select (select count(*) from t) + (select count(*) from r) as n`.execute(db)
  return rows[0]?.n ?? 0
}
