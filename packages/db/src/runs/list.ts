import { base32, type RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Tx } from '../connect.ts'
import { runSummary, selectRunSummaries, type RunSummaryView } from './view.ts'

export type RunFilter = Readonly<{
  workspaceId: number
  /** Empty: all. */
  statuses: readonly RunStatus[]
  /** All of them. */
  labels: Readonly<Record<string, string>>
  /** Created at or after. */
  from: Date | null
  /** Created before. */
  to: Date | null
  /** Runs older than this one. */
  before: number | null
  limit: number
}>

export type RunPage = Readonly<{ items: RunSummaryView[]; next: number | null }>

/** Newest first. A page costs the same wherever it is, but for label filters, which walk past what they leave out. */
export async function listRuns(tx: Tx, filter: RunFilter): Promise<RunPage> {
  const ids = await pageIds(tx, filter)
  const page = ids.slice(0, filter.limit)
  if (page.length === 0) return { items: [], next: null }
  const rows = await selectRunSummaries(tx).where('r.id', 'in', page).orderBy('r.id', 'desc').execute()
  return { items: rows.map(runSummary), next: ids.length > filter.limit ? (page.at(-1) ?? null) : null }
}

/** One more than the limit when there is a next page. */
async function pageIds(tx: Tx, filter: RunFilter): Promise<number[]> {
  const limit = filter.limit + 1
  // One walk down the index of each status: a single one over "status in (…)" would sort all that match, or scan past the rest.
  const walks =
    filter.statuses.length === 0 ? [walk(tx, filter, null)] : filter.statuses.map((s) => walk(tx, filter, s))
  const { rows } = await sql<{ id: number }>`
    select id from (${sql.join(
      walks.map((query) => sql`(${query.limit(limit)})`),
      sql` union all `,
    )}) found order by id desc limit ${limit}`.execute(tx)
  return rows.map((row) => row.id)
}

function walk(tx: Tx, filter: RunFilter, status: RunStatus | null) {
  let query = tx
    .selectFrom('runs as r')
    .select('r.id')
    .where('r.workspace_id', '=', filter.workspaceId)
    .orderBy('r.id', 'desc')
  if (status !== null) query = query.where('r.status', '=', status)
  if (filter.before !== null) query = query.where('r.id', '<', filter.before)
  if (filter.from !== null)
    query = query.where('r.created_at', '>=', filter.from).where('r.id', '>=', firstIdAfter(filter.from, -MARGIN_MS))
  if (filter.to !== null)
    query = query.where('r.created_at', '<', filter.to).where('r.id', '<=', firstIdAfter(filter.to, MARGIN_MS))
  if (Object.keys(filter.labels).length > 0)
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('run_specs as s')
          .select(sql`1`.as('one'))
          .whereRef('s.run_id', '=', 'r.id')
          .where(sql<boolean>`s.labels @> ${json(filter.labels)}::jsonb`),
      ),
    )
  return query
}

/** Ids are given out in the order of time, as `uid` begins with it; clocks and open transactions shift that by far less. */
const MARGIN_MS = 3_600_000
const NO_ID = 2 ** 53 - 1

/** The id at a time, by the index on `uid`: it bounds the walk, which by `created_at` alone would go on to its end. */
function firstIdAfter(at: Date, marginMs: number) {
  const uid = `run_${base32(Math.max(0, at.getTime() + marginMs), 10)}`
  return sql<number>`coalesce((select f.id from flotilla.runs f where f.uid >= ${uid} order by f.uid limit 1), ${NO_ID})`
}
