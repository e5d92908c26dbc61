import { inWorkspace, readCancellation, recordCancel, type Db } from '@flotilla/db'
import { accepted, type CancellationView, type Result } from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { acceptedRun, controlRun, type RunAccepted, type RunRef } from './run-control.ts'

/** With the receipt as far as it is known: what stops now tells what it used a moment later. */
export type CancelAccepted = RunAccepted & Readonly<{ cancellation: CancellationView | null }>

/**
 * Ends a run and its tasks at once. Once this has answered no attempt of the run settles any more, and no model call of it
 * begins; the hint has the workers that run one stop early. Errors: `not_found`, `conflict`.
 */
export async function cancelRun(
  deps: Readonly<{ db: Db; hints: Hints }>,
  ref: RunRef,
): Promise<Result<CancelAccepted>> {
  const result = await controlRun(deps.db, ref, 'cancel', async (tx, run) =>
    (await recordCancel(tx, run)) === null ? null : { ...run, status: 'cancelled' },
  )
  if (!result.ok) return result
  const { run, applied } = result.value
  if (applied) {
    deps.hints.publish({ cancelled: run.id })
    deps.hints.publish({ runId: run.id })
  }
  const cancellation = await inWorkspace(deps.db, ref.workspaceId, (tx) => readCancellation(tx, run.id))
  return accepted({ ...acceptedRun(run), cancellation })
}
