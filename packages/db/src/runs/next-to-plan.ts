import { sql, type RawBuilder } from 'kysely'
import type { Db } from '../connect.ts'
import type { RunClaim } from './claims.ts'

/** Of a workspace's runs that wait to be planned, so many of the oldest are looked at for the one that goes first. */
const LOOKED_AT = 200

/**
 * The run to plan when this one was asked for: of the workspace with the fewest in planning for its weight, the first by
 * priority, then by age. As many are asked for as wait, so that whoever is passed by has the turn of another, also of one that
 * is planned already. A run that is not new, since its planner was lost or it was started, is taken up at once.
 */
const nextToPlan = (asked: number): RawBuilder<unknown> => sql`
  coalesce((
    select r.id
    from flotilla.workspaces w
      cross join lateral (
        select id from (
          select id, priority from flotilla.runs where workspace_id = w.id and status = 'created' order by id limit ${LOOKED_AT}) o
        order by priority desc, id limit 1) r
      cross join lateral (
        select count(*) as n from flotilla.runs where workspace_id = w.id and status = 'planning' and holder <> '') p
    where not exists (
      select from flotilla.runs where id = ${asked}
        and ((status = 'planning' and (holder is null or due < clock_timestamp())) or (status = 'executing' and not expanded)))
    order by p.n / w.weight::float8, r.id limit 1), ${asked})`

/** Two who ask at once have the same in mind: who comes too late looks again. */
const TRIES = 3

/** Claims the planning of the run whose turn it is, or of the one asked for. Null: nothing to do. */
export async function claimPlanning(
  db: Db,
  { asked, worker, leaseMs }: Readonly<{ asked: number; worker: string; leaseMs: number }>,
): Promise<RunClaim | null> {
  const lease = `${leaseMs} ms`
  for (let n = 0; n < TRIES; n++) {
    const { rows } = await sql<{ claim: RunClaim | null; next: number }>`
      select n.id as next, flotilla.claim_run(n.id, 'plan', ${worker}, ${lease}::interval) as claim
      from (select ${nextToPlan(asked)} as id offset 0) n`.execute(db)
    const [row] = rows
    if (row?.claim || row?.next === asked) return row.claim
  }
  return null
}
