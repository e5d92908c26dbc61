import type { COST_GROUPS, CostGroup, CostReport, CostSeries, CostSplit } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../connect.ts'
import { ofRun, ofSpec, type RunNarrowing } from '../runs/narrow.ts'
import { restOf, splitColumns, sumOf } from './cost-sums.ts'

export type CostQuery = Readonly<{
  workspaceId: number
  from: Date
  /** Exclusive. */
  to: Date
  /** Calls of no run belong to all runs and to no narrower choice. */
  which: RunNarrowing
  by: CostGroup
  limit: number
  /** Series by day of the first so many; null for none. */
  top: number | null
}>

type Row = Readonly<{ key: string | null }> & CostSplit

const DAY = sql<string>`to_char(l.reserved_at at time zone 'UTC', 'YYYY-MM-DD')`
const KEYS: Readonly<Record<(typeof COST_GROUPS)[number], RawBuilder<string | null>>> = {
  agent: sql`k.agent_name`,
  model: sql`l.name`,
  task_type: sql`k.type`,
  purpose: sql`l.purpose`,
  run: sql`r.uid`,
  day: DAY,
}

/**
 * What the model calls of a workspace have cost, from the ledger: each call once, by the run that made it and the time when it
 * was admitted. One walk of an index, or two; runs that were deleted have taken their calls along.
 */
export async function readCosts(tx: Tx, query: CostQuery): Promise<CostReport> {
  const { from, to, by, limit, top } = query
  const { rows } = await sql<Row>`
    select ${keyOf(by)} as key, ${splitColumns} ${callsOf(query)} group by 1`.execute(tx)
  const ordered = rows.toSorted((a, b) =>
    by === 'day'
      ? (a.key ?? '').localeCompare(b.key ?? '')
      : b.cost.totalUsd - a.cost.totalUsd || b.tokens.inputTokens - a.tokens.inputTokens,
  )
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    by,
    total: sumOf(rows),
    items: ordered.slice(0, limit),
    rest: restOf(ordered, limit),
    series:
      top === null
        ? []
        : await readSeries(
            tx,
            query,
            ordered.slice(0, top).map(({ key }) => key),
          ),
  }
}

const callsOf = ({ workspaceId, from, to, which }: CostQuery): RawBuilder<unknown> => sql`
  from flotilla.budget_calls l
    left join flotilla.runs r on r.id = l.run_id
    left join flotilla.run_specs s on s.run_id = l.run_id
    left join flotilla.task_specs k on k.run_id = l.run_id and k.idx = l.idx
  where l.workspace_id = ${workspaceId} and l.kind = 'model' and l.status in ('settled', 'lost')
    and l.reserved_at >= ${from} and l.reserved_at < ${to} and ${ofRun(which)} and ${ofSpec(which)}`

type Cell = Readonly<{ place: number }> & CostSeries['items'][number]

async function readSeries(tx: Tx, query: CostQuery, keys: readonly (string | null)[]): Promise<CostSeries[]> {
  const { rows } = await sql<Cell>`
    select coalesce(array_position(${keys}::text[], ${keyOf(query.by)}), ${keys.length + 1}::int) as place, ${DAY} as day,
      (count(*) filter (where l.usage is not null))::int as calls,
      coalesce(sum((l.usage ->> 'inputTokens')::numeric), 0)::float8 as "inputTokens",
      coalesce(sum((l.usage ->> 'outputTokens')::numeric), 0)::float8 as "outputTokens",
      coalesce(sum((l.parts ->> 'totalUsd')::numeric), 0)::float8 as "costUsd"
    ${callsOf(query)} group by 1, 2 order by 1, 2`.execute(tx)
  return Array.from({ length: keys.length + 1 }, (_, i) => ({
    key: keys[i] ?? null,
    rest: i === keys.length,
    items: rows.filter(({ place }) => place === i + 1).map(({ place: _place, ...item }) => item),
  })).filter(({ items }) => items.length > 0)
}

const keyOf = (by: CostGroup): RawBuilder<string | null> =>
  isLabel(by) ? sql`s.labels ->> ${by.slice(LABEL.length)}::text` : KEYS[by]

const LABEL = 'label:'
const isLabel = (by: CostGroup): by is `label:${string}` => by.startsWith(LABEL)
