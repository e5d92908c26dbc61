import type { CallPurpose, CostSplit, RunCost } from '@flotilla/domain'
import { sql } from 'kysely'
import { splitColumns, sumOf } from '../budgets/cost-sums.ts'
import { joinWholeRuns, type Tx } from '../connect.ts'

type Row = Readonly<{
  taskKey: string | null
  agent: string | null
  model: string
  purpose: CallPurpose
}> &
  CostSplit

/** What a run's model calls have cost, from the ledger: each call once. */
export async function readRunCost(tx: Tx, runId: number): Promise<Omit<RunCost, 'estimate'>> {
  await joinWholeRuns(tx)
  const { rows } = await sql<Row>`
    select s.key as "taskKey", s.agent_name as agent, l.name as model, l.purpose, ${splitColumns}
    from flotilla.budget_calls l left join flotilla.task_specs s on s.run_id = l.run_id and s.idx = l.idx
    where l.run_id = ${runId} and l.kind = 'model' and l.status in ('settled', 'lost')
    group by 1, 2, 3, 4 order by 1, 2, 3, 4`.execute(tx)
  const by = <K extends 'taskKey' | 'agent' | 'model' | 'purpose'>(key: K) =>
    [...Map.groupBy(rows, (row) => row[key])].map(
      ([value, own]) => ({ [key]: value, ...sumOf(own) }) as Record<K, Row[K]> & CostSplit,
    )
  return {
    total: sumOf(rows),
    byTask: by('taskKey'),
    byAgent: by('agent'),
    byModel: by('model'),
    byPurpose: by('purpose'),
  }
}
