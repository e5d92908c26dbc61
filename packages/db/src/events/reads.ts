import { eventId, type RunEvent, type RunStatus } from '@flotilla/domain'
import type { Tx } from '../connect.ts'

/** A run's events after a number, in order; `limit` of them at most. */
export async function readEvents(
  tx: Tx,
  run: Readonly<{ id: number; uid: string }>,
  after: number,
  limit: number,
): Promise<RunEvent[]> {
  const rows = await tx
    .selectFrom('events as e')
    .leftJoin('task_specs as s', (join) => join.onRef('s.run_id', '=', 'e.run_id').onRef('s.idx', '=', 'e.idx'))
    .select(['e.seq', 'e.type', 'e.at', 'e.data', 's.key'])
    .where('e.run_id', '=', run.id)
    .where('e.seq', '>', after)
    .orderBy('e.seq')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    seq: row.seq,
    id: eventId(run.uid, row.seq),
    type: row.type,
    at: row.at.toISOString(),
    runId: run.uid,
    ...(row.key === null ? {} : { taskKey: row.key }),
    data: row.data ?? {},
  }))
}

export type RunPosition = Readonly<{ id: number; status: RunStatus; seq: number }>

/** How far the logs of these runs are; runs that are gone are left out. */
export function readPositions(tx: Tx, runIds: readonly number[]): Promise<RunPosition[]> {
  if (runIds.length === 0) return Promise.resolve([])
  return tx.selectFrom('runs').select(['id', 'status', 'seq']).where('id', 'in', runIds).execute()
}
