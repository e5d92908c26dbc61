import { componentOf, type ErrorCode, type ErrorStats } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { firstIdAfter } from '../runs/list.ts'
import { DAY, ofSpan, type RunSpan } from './run-cells.ts'

export type ErrorStatsQuery = RunSpan & Readonly<{ limit: number }>

type Row = Readonly<{
  code: ErrorCode
  name: string | null
  errors: number
  runs: number
  days: { day: string; errors: number }[]
}>
type Found = Readonly<{ total: number; items: Row[] }>

/**
 * What failed, with whom: every attempt and tool call of the time's runs that did, whether or not another one went well, and
 * runs that failed with what none of their attempts did. One walk over the runs, and by key over what belongs to each.
 */
export async function readErrorStats(tx: Tx, query: ErrorStatsQuery): Promise<ErrorStats> {
  const { from, to, limit } = query
  const least = await firstIdAfter(tx, from)
  const { rows } = await sql<{ r: Found }>`
    with one as materialized (select r.id, ${DAY} as day, s.error ->> 'code' as code from ${ofSpan(query, least)}),
    tries as materialized (
      select o.id, o.day, f.code, case when f.code like 'model%' then coalesce(t.model, t.agent_name) else t.agent_name end as name
      from one o cross join lateral (
        select a.idx, a.error ->> 'code' as code from flotilla.attempts a where a.run_id = o.id and a.error is not null offset 0) f
        join flotilla.task_specs t on t.run_id = o.id and t.idx = f.idx),
    fault as (
      select * from tries where code <> 'cancelled'
      union all
      select o.id, o.day, 'tool_failed', f.tool from one o cross join lateral (
        select c.tool from flotilla.tool_calls c where c.run_id = o.id and c.status = 'failed' offset 0) f
      union all
      select o.id, o.day, o.code, null from one o
      where o.code <> 'cancelled' and not exists (select from tries t where t.id = o.id and t.code = o.code)),
    days as (select code, name, day, count(*)::int as errors from fault group by code, name, day),
    kinds as (
      select k.*, row_number() over (order by errors desc, code, name) as place
      from (select code, name, count(*)::int as errors, count(distinct id)::int as runs from fault group by code, name) k)
    select json_build_object('total', (select count(*) from fault),
      'items', coalesce((select json_agg(json_build_object('code', k.code, 'name', k.name, 'errors', k.errors, 'runs', k.runs,
        'days', (select json_agg(json_build_object('day', d.day, 'errors', d.errors) order by d.day) from days d
          where d.code = k.code and d.name is not distinct from k.name)) order by k.place) from kinds k where k.place <= ${limit}), '[]')) as r`.execute(
    tx,
  )
  const { total, items } = rows[0]?.r ?? { total: 0, items: [] }
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    total,
    items: items.map((item) => ({ component: componentOf(item.code), ...item })),
    rest: total - items.reduce((sum, { errors }) => sum + errors, 0),
  }
}
