import type { RUN_GROUPS, RunGroup } from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import { ofRun, ofSpec, type RunNarrowing } from '../runs/narrow.ts'

/** Runs of a workspace by when they were created. */
export type RunSpan = Readonly<{
  workspaceId: number
  from: Date
  /** Exclusive. */
  to: Date
  which: RunNarrowing
}>

/** Rows r and s of the runs; `least`: the first id that may be among them. */
export const ofSpan = (span: RunSpan, least: number): RawBuilder<unknown> => sql`
  flotilla.runs r join flotilla.run_specs s on s.run_id = r.id ${where(span, least)}`

const where = ({ workspaceId, from, to, which }: RunSpan, least: number): RawBuilder<unknown> => sql`
  where r.workspace_id = ${workspaceId} and r.id >= ${least} and r.created_at >= ${from} and r.created_at < ${to}
    and ${ofRun(which)} and ${ofSpec(which)}`

/** In UTC, such as 2026-01-31. */
export const DAY = sql<string>`to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD')`

/** What a run has one of. */
type Whole = Exclude<(typeof RUN_GROUPS)[number], 'agent' | 'model'>
const KEYS: Readonly<Record<Whole, RawBuilder<string | null>>> = {
  day: DAY,
  status: sql`r.status`,
  mode: sql`s.mode`,
  type: sql`s.analysis ->> 'type'`,
}

/** Sums over calls c of the ledger, as costs are told. */
const PAID = sql`
  coalesce(sum(coalesce((c.usage ->> 'inputTokens')::numeric, 0) + coalesce((c.usage ->> 'outputTokens')::numeric, 0)), 0) as tokens,
  coalesce(sum((c.parts ->> 'totalUsd')::numeric), 0) as cost`

/** What a run has several of: it counts for each, with what the calls of that one have cost. */
const PARTS: Readonly<Record<'agent' | 'model', RawBuilder<unknown>>> = {
  agent: sql`select a.agent_name as key, ${PAID}
    from flotilla.task_specs a left join flotilla.budget_calls c
      on c.run_id = a.run_id and c.idx = a.idx and c.kind = 'model' and c.status in ('settled', 'lost')
    where a.run_id = r.id and a.agent_name is not null group by a.agent_name`,
  model: sql`select c.name as key, ${PAID}
    from flotilla.budget_calls c where c.run_id = r.id and c.kind = 'model' and c.status in ('settled', 'lost') group by c.name`,
}
const isPart = (by: RunGroup): by is keyof typeof PARTS => by === 'agent' || by === 'model'

/** Whether the runs of all keys together are more than there are. */
export const countsTwice = (by: RunGroup): boolean => isPart(by)

/** Rows of day, key, status, ms, quality, tokens and cost: one a run, or one for each part that it has. */
export function cellsOf(span: RunSpan, least: number, by: RunGroup): RawBuilder<unknown> {
  const measures = sql`${DAY} as day, r.status, extract(epoch from r.finished_at - r.started_at) * 1000 as ms,
    (s.quality ->> 'score')::float8 as quality`
  if (isPart(by))
    return sql`select p.key, p.tokens, p.cost, ${measures}
      from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id cross join lateral (${PARTS[by]} offset 0) p
      ${where(span, least)}`
  return sql`select ${keyOf(by)} as key, r.input_tokens + r.output_tokens as tokens, r.cost_usd as cost, ${measures}
    from ${ofSpan(span, least)}`
}

const LABEL = 'label:'
const isLabel = (by: RunGroup): by is `label:${string}` => by.startsWith(LABEL)
const keyOf = (by: Exclude<RunGroup, 'agent' | 'model'>): RawBuilder<string | null> =>
  isLabel(by) ? sql`s.labels ->> ${by.slice(LABEL.length)}::text` : KEYS[by as Whole]

/** Columns of `RunSums` over cells. */
export const SUMS = sql`count(*)::int as runs,
  count(*) filter (where status = 'completed')::int as completed,
  count(*) filter (where status = 'failed')::int as failed,
  count(*) filter (where status = 'cancelled')::int as cancelled,
  (count(*) filter (where status = 'completed'))::float8 / nullif(count(*) filter (where status in ('completed', 'failed')), 0) as "successRate",
  avg(ms)::float8 as "meanDurationMs", avg(quality)::float8 as "meanQuality",
  coalesce(sum(tokens), 0)::float8 as tokens, coalesce(sum(cost), 0)::float8 as "costUsd"`
