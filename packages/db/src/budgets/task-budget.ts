import { NO_SPEND, type BudgetLimits, type Spent, type TaskBudgetView } from '@flotilla/domain'
import { sql } from 'kysely'
import { DIMENSIONS } from '../functions/budget-columns.ts'

/** Null where the task has made no call yet; its limits are those of its plan then. */
export type TaskBudgetRow = Readonly<{ limits: BudgetLimits | null; reserved: Spent | null; spent: Spent | null }>

const amounts = (suffix: string): string =>
  `jsonb_build_object(${DIMENSIONS.map(({ field, column }) => `'${field}', b.${column}_${suffix}`).join(', ')})`

/**
 * The account of a task t with the spec s, one row by key. A spec is long and is looked at only where there is no account: an account
 * has its limits from there, and may have been given others since.
 */
export const TASK_BUDGET = {
  column:
    sql.raw(`, case when b.id is null then jsonb_build_object('limits', s.spec -> 'budget') else jsonb_build_object(
      'limits', jsonb_strip_nulls(${amounts('limit')}), 'reserved', ${amounts('reserved')}, 'spent', ${amounts('settled')}) end as budget`),
  join: sql.raw(`left join flotilla.budgets b on b.level = 'task' and b.run_id = t.run_id and b.idx = t.idx`),
}

export const taskBudget = ({ limits, reserved, spent }: TaskBudgetRow): TaskBudgetView => ({
  limits: limits ?? {},
  reserved: reserved ?? NO_SPEND,
  spent: spent ?? NO_SPEND,
})
