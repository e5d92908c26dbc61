import type { CallPurpose, CostSplit, RunCost } from '@flotilla/domain'
import { sql } from 'kysely'
import { splitColumns, sumOf } from '../budgets/cost-sums.ts'
import type { Tx } from '../connect.ts'

type Row = Readonly<{
  lost: boolean
  taskKey: string | null
  agent: string | null
  model: string
  purpose: CallPurpose
}> &
  CostSplit

/** What a run's model calls have cost, from the ledger: each call once. */
export async function readRunCost(tx: Tx, runId: number): Promise<Omit<RunCost, 'estimate'>> {
  const { rows } = await sql<Row>`
    select l.status = 'lost' as lost, s.key as "taskKey", s.agent_name as agent, l.name as model, l.purpose, ${splitColumns}
    from flotilla.budget_calls l left join flotilla.task_specs s on s.run_id = l.run_id and s.idx = l.idx
    where l.run_id = ${runId} and l.kind = 'model' and l.status in ('settled', 'lost')
    group by 1, 2, 3, 4, 5 order by 2, 3, 4, 5`.execute(tx)
  const paid = rows.filter((row) => !row.lost)
  const by = <K extends 'taskKey' | 'agent' | 'model' | 'purpose'>(key: K) =>
    [...Map.groupBy(paid, (row) => row[key])].map(
      ([value, own]) => ({ [key]: value, ...sumOf(own) }) as Record<K, Row[K]> & CostSplit,
    )
  return {
    total: sumOf(paid),
    byTask: by('taskKey'),
    byAgent: by('agent'),
    byModel: by('model'),
    byPurpose: by('purpose'),
    lostCalls: rows.reduce((sum, row) => sum + (row.lost ? row.calls : 0), 0),
  }
}
