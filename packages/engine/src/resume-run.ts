import { recordResume, type Db, type Resumed } from '@flotilla/db'
import { accepted, type Result } from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { acceptedRun, controlRun, wakeWithin, type RunAccepted, type RunRef, type Wake } from './run-control.ts'

/**
 * Lets a paused run go on where it was, and wakes for everything that it can do now. Errors: `not_found`, `conflict`.
 */
export async function resumeRun(
  deps: Readonly<{ db: Db; hints: Hints; wake: Wake }>,
  ref: RunRef,
): Promise<Result<RunAccepted>> {
  let resumed: Resumed | null = null
  const result = await controlRun(deps.db, ref, 'resume', async (tx, run) => {
    resumed = await recordResume(tx, run)
    return resumed && { ...run, status: resumed.status }
  })
  if (!result.ok) return result
  const { run } = result.value
  if (resumed !== null) {
    await wakeWithin(() => wakeFor(deps.wake, run, resumed as Resumed))
    deps.hints.publish({ runId: run.id })
  }
  return accepted(acceptedRun(run))
}

function wakeFor(wake: Wake, run: Readonly<{ id: number; priority: number }>, resumed: Resumed): Promise<void> {
  if (resumed.plan) return wake.plan(run.id, run.priority)
  if (resumed.finish) return wake.finish(run.id, run.priority)
  return wake.tasks(resumed.tasks)
}
