import type { BudgetAccount } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { withoutNulls, type AccountRow } from './account-row.ts'

/** The accounts that a task's calls are held on, innermost first, as far as they are open; without `idx` those of its run. */
export async function readBudgets(
  tx: Tx,
  ref: Readonly<{ runId: number; idx: number | null }>,
): Promise<BudgetAccount[]> {
  const amounts = (suffix: string) =>
    sql.raw(
      `jsonb_build_object('tokens', b.tokens_${suffix}, 'costUsd', b.cost_usd_${suffix}, 'toolCalls', b.tool_calls_${suffix}, 'seconds', b.seconds_${suffix})`,
    )
  const { rows } = await sql<AccountRow>`
    with own as (
      select path, workspace_id from flotilla.budgets where run_id = ${ref.runId}
        and case when ${ref.idx}::int is null then level = 'run' else level = 'task' and idx = ${ref.idx} end),
    all_of as (
      select p.id, p.n from own, unnest(own.path) with ordinality p(id, n)
      union all
      select m.id, 1000000 from own join flotilla.budgets m on m.workspace_id = own.workspace_id and m.level = 'workspace'
        and m.month = date_trunc('month', clock_timestamp() at time zone 'UTC')::date)
    select b.level, ${amounts('limit')} as limits, ${amounts('reserved')} as reserved, ${amounts('settled')} as settled
    from all_of a join flotilla.budgets b on b.id = a.id order by a.n`.execute(tx)
  return rows.map(withoutNulls)
}
