import { NO_SPEND, type Amounts, type BudgetLimits } from '@flotilla/domain'
import type pg from 'pg'
import type { CallAsk } from '../budgets/calls.ts'
import { claim, describeRun, type TestRecord } from './record-fixture.ts'

export const cost = (costUsd: number): Amounts => ({ ...NO_SPEND, costUsd })

export type Budgets = Readonly<{ run?: BudgetLimits; task?: BudgetLimits }>

/** An executing run of `tasks` claimed tasks with these budgets. Fences are 1. */
export async function plantRun(record: TestRecord, tasks: number, budgets: Budgets = {}): Promise<number> {
  const runId = await record.plant(Array.from({ length: tasks }, () => ({})))
  await describeRun(record, runId, { budget: { ...budgets.run, onExceeded: 'fail' } })
  await record.pool.query('update flotilla.task_specs set spec = $2 where run_id = $1', [
    runId,
    JSON.stringify({ budget: budgets.task ?? null }),
  ])
  await claim(record, runId, ...Array.from({ length: tasks }, (_, idx) => idx))
  return runId
}

export const ask = (runId: number, key: string, most: Amounts, more: Partial<CallAsk> = {}): CallAsk => ({
  runId,
  key,
  idx: 0,
  fence: 1,
  kind: 'model',
  name: 'm',
  most,
  ...more,
})

/**
 * Where accounts and ledger disagree, or an account is out of bounds, but for what calls used beyond what was held for them and
 * what was there before a limit was lowered; empty when all is well. The two are read in one statement, which sees one state of both.
 */
export async function faultsOfMoney(pool: pg.Pool): Promise<unknown[]> {
  const dimensions = ['tokens', 'cost_usd', 'tool_calls', 'seconds']
  const sums = dimensions.map(
    (d) =>
      `coalesce(sum(l.${d}_reserved) filter (where l.status = 'reserved'), 0) as ${d}_held, coalesce(sum(l.${d}_charged), 0) as ${d}_paid, coalesce(sum(l.${d}_over), 0) as ${d}_unheld`,
  )
  const wrong = dimensions.map(
    (d) =>
      `b.${d}_reserved <> s.${d}_held or b.${d}_settled <> s.${d}_paid or b.${d}_over <> s.${d}_unheld or b.${d}_reserved < 0 or b.${d}_settled + b.${d}_reserved > b.${d}_limit + b.${d}_over + b.${d}_above`,
  )
  const { rows } = await pool.query<{ b: unknown }>(
    `select to_jsonb(b) as b from flotilla.budgets b
       cross join lateral (select ${sums.join(', ')} from flotilla.budget_calls l where b.id = any (l.accounts)) s
     where ${wrong.join(' or ')}`,
  )
  return rows.map((row) => row.b)
}
