import { recordStart, type Db } from '@flotilla/db'
import { accepted, type Result } from '@flotilla/domain'
import { acceptedRun, controlRun, wakePlanner, type RunAccepted, type RunRef, type Wake } from './run-control.ts'

/**
 * Lets a run go on past its plan: one that rests is expanded next, one that is not planned yet will not rest. Errors:
 * `not_found`, `conflict`.
 */
export async function startRun(
  deps: Readonly<{ db: Db; wake: Pick<Wake, 'plan'> }>,
  ref: RunRef,
): Promise<Result<RunAccepted>> {
  const result = await controlRun(deps.db, ref, 'start', async (tx, run) => {
    const status = await recordStart(tx, run)
    return status === null ? null : { ...run, status, autoStart: true }
  })
  if (!result.ok) return result
  const { run, applied } = result.value
  if (applied) await wakePlanner(deps.wake, run.id, run.priority)
  return accepted(acceptedRun(run))
}
