import type { RUN_GROUPS, RunGroup, RunStats, RunSums } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../connect.ts'
import { firstIdAfter } from '../runs/list.ts'

export type RunStatsQuery = Readonly<{
  workspaceId: number
  from: Date
  /** Exclusive. */
  to: Date
  by: RunGroup
  limit: number
}>

type Row = Readonly<{ key: string | null; whole: boolean }> & RunSums
type Tail = Readonly<{ quality: readonly number[]; errors: RunStats['errors'] }>

const KEYS: Readonly<Record<(typeof RUN_GROUPS)[number], RawBuilder<string | null>>> = {
  day: sql`to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD')`,
  status: sql`r.status`,
  mode: sql`s.mode`,
  type: sql`s.analysis ->> 'type'`,
}

/** Counts a workspace's runs by when they were created: one walk over those of that time. */
export async function readRunStats(tx: Tx, query: RunStatsQuery): Promise<RunStats> {
  const { from, to, by } = query
  const least = await firstIdAfter(tx, from)
  const rows = await readSums(tx, query, least)
  const tail = await readTail(tx, query, least)
  const items = rows
    .filter(({ whole }) => !whole)
    .map(({ whole: _whole, ...item }) => item)
    .toSorted((a, b) => (by === 'day' ? (a.key ?? '').localeCompare(b.key ?? '') : b.runs - a.runs))
  const total = rows.find(({ whole }) => whole)
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    by,
    total: total === undefined ? NOTHING : sumsOf(total),
    items: by === 'day' ? items.slice(-query.limit) : items.slice(0, query.limit),
    quality: [...tail.quality],
    errors: tail.errors,
  }
}

const NOTHING: RunSums = {
  runs: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  successRate: null,
  meanDurationMs: null,
  meanQuality: null,
  tokens: 0,
  costUsd: 0,
}

function sumsOf({ key: _key, whole: _whole, ...sums }: Row): RunSums {
  return sums
}

const ofTime = ({ workspaceId, from, to }: RunStatsQuery, least: number): RawBuilder<unknown> => sql`
  flotilla.runs r join flotilla.run_specs s on s.run_id = r.id
  where r.workspace_id = ${workspaceId} and r.id >= ${least} and r.created_at >= ${from} and r.created_at < ${to}`

async function readSums(tx: Tx, query: RunStatsQuery, least: number): Promise<readonly Row[]> {
  const { rows } = await sql<Row>`
    select key, grouping(key) = 1 as whole, count(*)::int as runs,
      count(*) filter (where status = 'completed')::int as completed,
      count(*) filter (where status = 'failed')::int as failed,
      count(*) filter (where status = 'cancelled')::int as cancelled,
      (count(*) filter (where status = 'completed'))::float8 / nullif(count(*) filter (where status in ('completed', 'failed')), 0) as "successRate",
      avg(ms)::float8 as "meanDurationMs", avg(quality)::float8 as "meanQuality",
      coalesce(sum(tokens), 0)::float8 as tokens, coalesce(sum(cost), 0)::float8 as "costUsd"
    from (
      select ${keyOf(query.by)} as key, r.status, extract(epoch from r.finished_at - r.started_at) * 1000 as ms,
        (s.quality ->> 'score')::float8 as quality, r.input_tokens + r.output_tokens as tokens, r.cost_usd as cost
      from ${ofTime(query, least)}) one
    group by grouping sets ((key), ())`.execute(tx)
  return rows
}

async function readTail(tx: Tx, query: RunStatsQuery, least: number): Promise<Tail> {
  const { rows } = await sql<Tail>`
    with one as (
      select case when s.quality is not null then least(10, 1 + floor((s.quality ->> 'score')::float8 * 10)::int) end as bucket, s.error ->> 'code' as code
      from ${ofTime(query, least)})
    select
      (select json_agg((select count(*) from one where bucket = b) order by b) from generate_series(1, 10) b) as quality,
      coalesce((select json_agg(json_build_object('code', code, 'runs', n) order by n desc, code) from (
        select code, count(*) as n from one where code is not null group by code) e), '[]') as errors`.execute(tx)
  return rows[0] ?? { quality: [], errors: [] }
}

const LABEL = 'label:'
const isLabel = (by: RunGroup): by is `label:${string}` => by.startsWith(LABEL)
const keyOf = (by: RunGroup): RawBuilder<string | null> =>
  isLabel(by) ? sql`s.labels ->> ${by.slice(LABEL.length)}::text` : KEYS[by]
