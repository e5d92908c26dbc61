import { NO_SPEND, type BudgetDimension, type BudgetLimits, type Spent, type TaskBudgetView } from '@flotilla/domain'
import { sql } from 'kysely'
import { DIMENSIONS, type Dimension } from '../functions/budget-columns.ts'

type Amount = Dimension['column']
/** Its account column by column: objects made in the record would take as long as all else of a list. */
export type TaskBudgetRow = Readonly<
  { account: number | null; plannedLimits: BudgetLimits | null } & Record<
    `${Amount}_limit` | `${Amount}_reserved` | `${Amount}_settled`,
    number | null
  >
>

const columns = DIMENSIONS.flatMap(({ column }) => [`b.${column}_limit`, `b.${column}_reserved`, `b.${column}_settled`])

/**
 * The account of a task t with the spec s, one row by key. It is opened by the first call, with the limits of the plan; they may
 * have been changed since. A spec is long and is looked at only where there is no account.
 */
export const TASK_BUDGET = {
  columns: sql.raw(
    `, b.id as account, ${columns.join(', ')}, case when b.id is null then s.spec -> 'budget' end as "plannedLimits"`,
  ),
  join: sql.raw(`left join lateral (
      select * from flotilla.budgets where level = 'task' and run_id = t.run_id and idx = t.idx offset 0) b on true`),
}

export const taskBudget = (row: TaskBudgetRow): TaskBudgetView =>
  row.account === null
    ? { limits: row.plannedLimits ?? {}, reserved: NO_SPEND, spent: NO_SPEND }
    : { limits: limitsOf(row), reserved: amountsOf(row, 'reserved'), spent: amountsOf(row, 'settled') }

const limitsOf = (row: TaskBudgetRow): BudgetLimits =>
  Object.fromEntries(
    DIMENSIONS.flatMap(({ field, column }): [BudgetDimension, number][] => {
      const limit = row[`${column}_limit`]
      return limit === null ? [] : [[field, limit]]
    }),
  )

const amountsOf = (row: TaskBudgetRow, kind: 'reserved' | 'settled'): Spent => ({
  tokens: row[`tokens_${kind}`] ?? 0,
  costUsd: row[`cost_usd_${kind}`] ?? 0,
  toolCalls: row[`tool_calls_${kind}`] ?? 0,
  seconds: row[`seconds_${kind}`] ?? 0,
})
