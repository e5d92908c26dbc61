import type { COST_GROUPS, CostGroup, CostReport, CostSplit } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import type { Tx } from '../connect.ts'
import { restOf, splitColumns, sumOf } from './cost-sums.ts'

export type CostQuery = Readonly<{
  workspaceId: number
  from: Date
  /** Exclusive. */
  to: Date
  by: CostGroup
  limit: number
}>

type Row = Readonly<{ key: string | null; lost: boolean }> & CostSplit

const KEYS: Readonly<Record<(typeof COST_GROUPS)[number], RawBuilder<string | null>>> = {
  agent: sql`s.agent_name`,
  model: sql`l.name`,
  task_type: sql`s.type`,
  purpose: sql`l.purpose`,
  run: sql`r.uid`,
  day: sql`to_char(l.reserved_at at time zone 'UTC', 'YYYY-MM-DD')`,
}

/**
 * What the model calls of a workspace have cost, from the ledger: each call once, by the run that made it and the time when it
 * was admitted. One walk of an index; runs that were deleted have taken their calls along.
 */
export async function readCosts(tx: Tx, query: CostQuery): Promise<CostReport> {
  const { workspaceId, from, to, by, limit } = query
  const { rows } = await sql<Row>`
    select ${keyOf(by)} as key, l.status = 'lost' as lost, ${splitColumns}
    from flotilla.budget_calls l
      left join flotilla.runs r on r.id = l.run_id
      left join flotilla.run_specs rs on rs.run_id = l.run_id
      left join flotilla.task_specs s on s.run_id = l.run_id and s.idx = l.idx
    where l.workspace_id = ${workspaceId} and l.kind = 'model' and l.status in ('settled', 'lost')
      and l.reserved_at >= ${from} and l.reserved_at < ${to}
    group by 1, 2`.execute(tx)
  const paid = rows.filter((row) => !row.lost)
  const ordered = paid.toSorted((a, b) =>
    by === 'day'
      ? (a.key ?? '').localeCompare(b.key ?? '')
      : b.cost.totalUsd - a.cost.totalUsd || b.tokens.inputTokens - a.tokens.inputTokens,
  )
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    by,
    total: sumOf(paid),
    items: ordered.slice(0, limit).map(({ lost: _paid, ...item }) => item),
    rest: restOf(ordered, limit),
    lostCalls: rows.reduce((sum, row) => sum + (row.lost ? row.calls : 0), 0),
  }
}

const keyOf = (by: CostGroup): RawBuilder<string | null> =>
  isLabel(by) ? sql`rs.labels ->> ${by.slice(LABEL.length)}::text` : KEYS[by]

const LABEL = 'label:'
const isLabel = (by: CostGroup): by is `label:${string}` => by.startsWith(LABEL)
