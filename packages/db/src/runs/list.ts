import { base32, type RunStatus } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { narrowsSpec, ofRun, ofSpec, type RunNarrowing } from './narrow.ts'
import { runSummary, selectRunSummaries, type RunSummaryView } from './view.ts'

export type RunFilter = Readonly<{
  workspaceId: number
  /** Its statuses: empty for all. */
  which: RunNarrowing
  /** That the goal has, whatever its case, or that the id begins with. */
  text: string | null
  /** Created at or after. */
  from: Date | null
  /** Created before. */
  to: Date | null
  /** Runs older than this one. */
  before: number | null
  limit: number
}>

export type RunPage = Readonly<{ items: RunSummaryView[]; next: number | null }>

/** Newest first. A page costs the same wherever it is, but for what narrows it beside status and time, which walks past what it leaves out. */
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
  const bounds = await readBounds(tx, filter)
  // One walk down the index of each status: a single one over "status in (…)" would sort all that match, or scan past the rest.
  const { statuses = [] } = filter.which
  const ofEach = statuses.length === 0 ? [null] : statuses
  const walks = ofEach.map((status) => sql`(${walk(tx, filter, bounds, status).limit(limit)})`)
  const { rows } = await sql<{ id: number }>`
    select id from (${sql.join(walks, sql` union all `)}) found order by id desc limit ${limit}`.execute(tx)
  return rows.map((row) => row.id)
}

function walk(tx: Tx, filter: RunFilter, bounds: Bounds, status: RunStatus | null) {
  let query = tx
    .selectFrom('runs as r')
    .select('r.id')
    .where('r.workspace_id', '=', filter.workspaceId)
    .orderBy('r.id', 'desc')
  if (status !== null) query = query.where('r.status', '=', status)
  if (bounds.least !== null) query = query.where('r.id', '>=', bounds.least)
  if (bounds.below !== null) query = query.where('r.id', '<', bounds.below)
  if (filter.from !== null) query = query.where('r.created_at', '>=', filter.from)
  if (filter.to !== null) query = query.where('r.created_at', '<', filter.to)
  query = query.where(ofRun({ ...filter.which, statuses: [] }))
  if (narrowsSpec(filter.which))
    query = query.where((eb) =>
      eb.exists(
        eb
          .selectFrom('run_specs as s')
          .select(sql`1`.as('one'))
          .whereRef('s.run_id', '=', 'r.id')
          .where(ofSpec(filter.which)),
      ),
    )
  return filter.text === null ? query : query.where(hasText(filter.text))
}

const hasText = (text: string) => {
  const pattern = text.replaceAll(/[\\%_]/g, (char) => `\\${char}`)
  return sql<boolean>`(r.uid like ${`${pattern}%`} or exists (
    select 1 from flotilla.run_specs s where s.run_id = r.id and s.goal ilike ${`%${pattern}%`}))`
}

/** Ids between which the page lies. */
type Bounds = Readonly<{ least: number | null; below: number | null }>

/** Ids are given out in the order of time, as `uid` begins with it; clocks and open transactions shift that by far less. */
const MARGIN_MS = 3_600_000

/**
 * Bounds the walk, which by `created_at` alone would go on to its end. Read beforehand: inside the query a subselect as a
 * bound counts as leaky under row-level security and is kept out of the index.
 */
async function readBounds(tx: Tx, { from, to, before }: RunFilter): Promise<Bounds> {
  const least = from === null ? null : await firstIdAfter(tx, from)
  const end = to === null ? null : await firstIdSince(tx, to.getTime() + MARGIN_MS)
  return { least, below: end !== null && before !== null ? Math.min(end, before) : (end ?? before) }
}

/** The least id of a run that was created at this time or later, or one beyond all. */
export const firstIdAfter = async (tx: Tx, time: Date): Promise<number> =>
  (await firstIdSince(tx, time.getTime() - MARGIN_MS)) ?? NO_ID

const NO_ID = Number.MAX_SAFE_INTEGER

async function firstIdSince(tx: Tx, atMs: number): Promise<number | null> {
  const row = await tx
    .selectFrom('runs')
    .select('id')
    .where('uid', '>=', `run_${base32(Math.max(0, atMs), 10)}`)
    .orderBy('uid')
    .limit(1)
    .executeTakeFirst()
  return row?.id ?? null
}
