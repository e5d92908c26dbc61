import type { CutOffCallView } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

type Row = Readonly<{
  attempt: number
  model: string
  startedAt: Date
  endedAt: Date
  status: 'reserved' | 'settled' | 'lost'
  told: boolean
  estimated: boolean
  tokens: number
  costUsd: number
  heldUsd: number
}>

/**
 * The model calls of ended attempts that came to no turn. A call is admitted after the turn before it was recorded, by the same
 * clock, so that those which were admitted after their attempt's last turn have none.
 */
export async function readCutOffCalls(
  tx: Tx,
  ref: Readonly<{ runId: number; idx: number }>,
): Promise<CutOffCallView[]> {
  const { rows } = await sql<Row>`
    select a.number as attempt, l.name as model, l.reserved_at as "startedAt", a.finished_at as "endedAt", l.status, l.usage is not null as told, l.estimated,
      l.tokens_charged as tokens, l.cost_usd_charged as "costUsd", l.cost_usd_reserved as "heldUsd"
    from flotilla.attempts a
      join flotilla.budget_calls l on l.run_id = a.run_id and l.idx = a.idx and l.reserved_at between a.started_at and a.finished_at
    where a.run_id = ${ref.runId} and a.idx = ${ref.idx} and a.status <> 'succeeded'
      and l.kind = 'model' and l.purpose = 'task' and l.status <> 'released'
      and not exists (
        select from flotilla.turns t where t.run_id = a.run_id and t.idx = a.idx and t.attempt = a.number and t.finished_at >= l.reserved_at)
    order by a.number, l.reserved_at`.execute(tx)
  return rows.map((row) => ({
    attempt: row.attempt,
    model: row.model,
    startedAt: row.startedAt.toISOString(),
    endedAt: row.endedAt.toISOString(),
    charged: chargedBy(row),
    tokens: row.tokens,
    costUsd: row.costUsd,
    unknownUsdAtMost: row.told && !row.estimated ? 0 : Math.max(0, row.heldUsd - row.costUsd),
  }))
}

function chargedBy({ status, told, estimated }: Row): CutOffCallView['charged'] {
  if (status === 'reserved') return 'not_yet'
  if (!told) return 'unknown'
  return estimated ? 'estimated' : 'told'
}
