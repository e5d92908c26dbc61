import { addUsage, NO_USAGE, type CancellationView, type RunStatus, type Usage } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

/** A receipt as a read of runs brings it: a row of `cancellations` as JSON. */
export type CancellationRow = Readonly<{
  requested_at: string
  was: RunStatus
  tasks: Record<string, number>
  spent: Usage
  calls: number
  late: Partial<Usage>
  last_stopped_at: string | null
}>

/** The receipt of the run that goes by `r`; null where it was not cancelled. */
export const selectCancellation = () =>
  sql<CancellationRow | null>`(select to_jsonb(c) from flotilla.cancellations c where c.run_id = r.id)`

export const cancellationView = (row: CancellationRow): CancellationView => ({
  requestedAt: iso(row.requested_at),
  was: row.was,
  tasks: row.tasks,
  spentBefore: row.spent,
  stopped: { calls: row.calls, lastStoppedAt: row.last_stopped_at === null ? null : iso(row.last_stopped_at) },
  spentAfter: addUsage(NO_USAGE, { ...NO_USAGE, ...row.late }),
})

const iso = (time: string): string => new Date(time).toISOString()

/** The receipt with what is known by now; null for a run that was not cancelled. */
export async function readCancellation(tx: Tx, runId: number): Promise<CancellationView | null> {
  const { rows } = await sql<{ cancellation: CancellationRow | null }>`
    select ${selectCancellation()} as cancellation from flotilla.runs r where r.id = ${runId}`.execute(tx)
  const row = rows[0]?.cancellation ?? null
  return row && cancellationView(row)
}
