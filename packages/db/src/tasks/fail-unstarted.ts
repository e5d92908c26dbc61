import type pg from 'pg'
import type { TaskRef } from './step.ts'
import type { RunWakeUp } from './transitions.ts'

export type Unstarted = Readonly<{ failed: readonly TaskRef[]; closed: readonly RunWakeUp[] }>

type Row = { failed?: [number, number][]; closed?: [number, number][] | null }

/**
 * Fails the tasks that nobody has claimed within their limit, in live runs with numbers after `after` and up to `upTo`, and
 * skips what waits for them. Time in which the run was paused does not count. `closed`: runs with nothing left to do.
 */
export async function failUnstarted(
  pool: pg.Pool,
  page: Readonly<{ after: number; upTo: number }>,
): Promise<Unstarted> {
  const { rows } = await pool.query<{ r: Row }>({
    name: 'fail_unstarted',
    text: 'select flotilla.fail_unstarted($1, $2) as r',
    values: [page.after, page.upTo],
  })
  const { failed, closed } = (rows[0] as { r: Row }).r
  return {
    failed: (failed ?? []).map(([runId, idx]) => ({ runId, idx })),
    closed: (closed ?? []).map(([runId, priority]) => ({ runId, priority })),
  }
}
