import { recordPause, type Db } from '@flotilla/db'
import { accepted, type Result } from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { acceptedRun, controlRun, type RunAccepted, type RunRef } from './run-control.ts'

/**
 * Halts a run: nothing of it is claimed any more and no model call of it begins; what is in flight ends and counts. Errors:
 * `not_found`, `conflict`.
 */
export async function pauseRun(deps: Readonly<{ db: Db; hints: Hints }>, ref: RunRef): Promise<Result<RunAccepted>> {
  const result = await controlRun(deps.db, ref, 'pause', async (tx, run) =>
    (await recordPause(tx, run)) ? { ...run, status: 'paused' } : null,
  )
  if (!result.ok) return result
  const { run, applied } = result.value
  if (applied) deps.hints.publish({ runId: run.id })
  return accepted(acceptedRun(run))
}
