import { sql } from 'kysely'
import type { Db } from '../connect.ts'

/**
 * Corrects the counts of fleet-wide limits by what runs; answers how many were wrong. Cancel leaves them behind: it acts as a
 * role that may not write them. Count and tasks change in one transaction, so one snapshot tells a wrong count from one that
 * moves, and a count that has moved since then is left for the next round: no step waits for this.
 */
export async function recountPools(db: Db): Promise<number> {
  const limited = await db.selectFrom('pools').select('role').limit(1).execute()
  if (limited.length === 0) return 0
  const { rows } = await sql<{ role: string; counted: number; actual: number }>`
    select p.role, p.running as counted, coalesce(t.n, 0)::int as actual
    from flotilla.pools p left join (
      select t.role, count(*) as n from flotilla.runs r join flotilla.tasks t on t.run_id = any (array[r.id])
      where r.live and t.status = 'in_progress' group by t.role) t on t.role = p.role
    where p.running <> coalesce(t.n, 0)`.execute(db)
  let corrected = 0
  for (const { role, counted, actual } of rows) {
    const { numUpdatedRows } = await db
      .updateTable('pools')
      .set({ running: actual })
      .where('role', '=', role)
      .where('running', '=', counted)
      .executeTakeFirst()
    corrected += Number(numUpdatedRows)
  }
  return corrected
}
