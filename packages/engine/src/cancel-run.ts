import { recordCancel, type Db } from '@flotilla/db'
import { accepted, type Result } from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { acceptedRun, controlRun, type RunAccepted, type RunRef } from './run-control.ts'

/**
 * Ends a run and its tasks at once. Once this has answered no attempt of the run settles any more; the hint has the workers
 * that run one stop early. Errors: `not_found`, `conflict`.
 */
export async function cancelRun(deps: Readonly<{ db: Db; hints: Hints }>, ref: RunRef): Promise<Result<RunAccepted>> {
  const result = await controlRun(deps.db, ref, 'cancel', async (tx, run) =>
    (await recordCancel(tx, run)) === null ? null : { ...run, status: 'cancelled' },
  )
  if (!result.ok) return result
  const { run, applied } = result.value
  if (applied) {
    deps.hints.publish({ cancelled: run.id })
    deps.hints.publish({ runId: run.id })
  }
  return accepted(acceptedRun(run))
}
