import type { CallPurpose, CostKinds, CostSplit, RunCost, TokenKinds } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

type Row = Readonly<{
  lost: boolean
  taskKey: string | null
  agent: string | null
  model: string
  purpose: CallPurpose
}> &
  CostSplit

const TOKENS: readonly (keyof TokenKinds)[] = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
]
const PARTS: readonly (keyof CostKinds)[] = [
  'inputUsd',
  'cachedInputUsd',
  'cacheWriteUsd',
  'outputUsd',
  'reasoningUsd',
  'totalUsd',
]
const sums = (column: string, keys: readonly string[]) =>
  sql.raw(
    `jsonb_build_object(${keys.map((key) => `'${key}', coalesce(sum((l.${column} ->> '${key}')::numeric), 0)`).join(', ')})`,
  )

/** What a run's model calls have cost, from the ledger: each call once. */
export async function readRunCost(tx: Tx, runId: number): Promise<RunCost> {
  const { rows } = await sql<Row>`
    select l.status = 'lost' as lost, s.key as "taskKey", s.agent_name as agent, l.name as model, l.purpose, count(*)::int as calls,
      ${sums('usage', TOKENS)} as tokens, ${sums('parts', PARTS)} as cost
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

const exact = (value: number): number => Math.round(value * 1e10) / 1e10

function sumOf(rows: readonly CostSplit[]): CostSplit {
  const total = <K extends string>(keys: readonly K[], of: (row: CostSplit) => Readonly<Record<K, number>>) =>
    Object.fromEntries(keys.map((key) => [key, exact(rows.reduce((sum, row) => sum + of(row)[key], 0))])) as Record<
      K,
      number
    >
  return {
    calls: rows.reduce((sum, { calls }) => sum + calls, 0),
    tokens: total(TOKENS, (row) => row.tokens),
    cost: total(PARTS, (row) => row.cost),
  }
}
