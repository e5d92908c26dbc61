import {
  BUDGET_DIMENSIONS,
  givenLimits,
  lowLimitText,
  monthOf,
  NO_SPEND,
  WORKSPACE_WHEN_REACHED,
  type BudgetAccount,
  type BudgetLimits,
  type SetWorkspaceBudget,
  type WorkspaceBudget,
} from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { withoutNulls, type AccountRow } from './account-row.ts'
import { shownUnknown, unknownOf, type Unknown } from './cost-sums.ts'
import { setBudgetLimits } from './limits.ts'

const DIMENSION_COLUMNS = {
  tokens: 'tokens',
  costUsd: 'cost_usd',
  toolCalls: 'tool_calls',
  seconds: 'seconds',
} as const
const columns = (suffix: string) =>
  sql.raw(
    `jsonb_build_object(${BUDGET_DIMENSIONS.map((d) => `'${d}', b.${DIMENSION_COLUMNS[d]}_${suffix}`).join(', ')})`,
  )

/** The limits of a workspace's month with what is spent and held of them. A month that nothing was called in yet has spent nothing. */
export async function readWorkspaceBudget(tx: Tx, workspaceId: number): Promise<WorkspaceBudget> {
  const { rows } = await sql<{
    month: Date
    limits: BudgetLimits
    account: AccountRow | null
    calls: number
    unknown: Unknown
  }>`
    select m.month, w.budget as limits,
      (select count(*)::int from flotilla.budget_calls c where c.workspace_id = w.id and c.status = 'reserved') as calls,
      ${unknownOf(sql`l.workspace_id = w.id and l.reserved_at >= m.month`)} as unknown, case when b.id is not null then jsonb_build_object('level', b.level,
      'limits', ${columns('limit')}, 'reserved', ${columns('reserved')}, 'settled', ${columns('settled')}) end as account
    from flotilla.workspaces w
      cross join (select date_trunc('month', clock_timestamp() at time zone 'UTC') at time zone 'UTC' as month) m
      left join flotilla.budgets b on b.level = 'workspace' and b.workspace_id = w.id and b.month = (m.month at time zone 'UTC')::date
    where w.id = ${workspaceId}`.execute(tx)
  const row = rows[0]
  if (row === undefined) throw new Error(`there is no workspace ${workspaceId}`)
  const account: BudgetAccount | null = row.account && withoutNulls(row.account)
  const amounts = {
    limits: account?.limits ?? row.limits,
    reserved: account?.reserved ?? NO_SPEND,
    spent: account?.settled ?? NO_SPEND,
  }
  const notice = lowLimitText(amounts, row.calls)
  return {
    ...monthOf(row.month),
    ...amounts,
    whenReached: WORKSPACE_WHEN_REACHED,
    ...shownUnknown(row.unknown),
    ...(notice !== null && { notice }),
  }
}

/** Sets the limits of this month and those after it; with `keep` what is left out stays. Answers those before it too. */
export async function setWorkspaceBudget(
  tx: Tx,
  input: Readonly<{ workspaceId: number; limits: SetWorkspaceBudget['limits']; keep: boolean }>,
): Promise<Readonly<{ before: BudgetLimits; after: BudgetLimits }>> {
  const { workspaceId, limits, keep } = input
  const { budget: before } = await tx
    .selectFrom('workspaces')
    .select('budget')
    .where('id', '=', workspaceId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  const after = givenLimits(keep ? { ...before, ...onlyNamed(limits) } : limits)
  await setBudgetLimits(tx, { workspaceId, runId: null, idx: null }, after)
  return { before, after }
}

const onlyNamed = (limits: SetWorkspaceBudget['limits']): SetWorkspaceBudget['limits'] =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined))

/** Runs that rest since a call of theirs did not fit the workspace's month: they can go on once it is larger. */
export async function listPausedByMonth(
  tx: Tx,
  workspaceId: number,
  limit: number,
): Promise<{ id: number; uid: string }[]> {
  const last = (type: string, value: string) =>
    sql`(select ${sql.raw(value)} from flotilla.events e where e.run_id = r.id and e.type = ${type} order by e.seq desc limit 1)`
  const { rows } = await sql<{ id: number; uid: string }>`
    select r.id::int as id, r.uid from flotilla.runs r where r.workspace_id = ${workspaceId} and r.live and r.status = 'paused'
      and ${last('run.paused', `e.data ->> 'by'`)} = 'budget'
      and ${last('budget.exceeded', `e.data -> 'budget' ->> 'level'`)} = 'workspace'
    order by r.id limit ${limit}`.execute(tx)
  return rows
}
