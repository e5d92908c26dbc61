import {
  readPolicy,
  readStandingStop,
  recordResume,
  wasPausedByBudget,
  type Db,
  type LockedRun,
  type Resumed,
  type Tx,
} from '@flotilla/db'
import { accepted, describeStandingStop, rejected, type Rejection, type Result } from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { acceptedRun, controlRun, wakeWithin, type RunAccepted, type RunRef, type Wake } from './run-control.ts'

/**
 * Lets a paused run go on where it was, and wakes for everything that it can do now. One that its budget has paused is refused
 * while its call still does not fit: it would rest again at once. Errors: `not_found`, `conflict`.
 */
export async function resumeRun(
  deps: Readonly<{ db: Db; hints: Hints; wake: Wake }>,
  ref: RunRef,
): Promise<Result<RunAccepted>> {
  let resumed: Resumed | null = null
  let standing: Rejection | null = null
  const result = await controlRun(deps.db, ref, 'resume', async (tx, run) => {
    standing = await refuseStanding(tx, run)
    resumed = standing === null ? await recordResume(tx, run) : null
    return resumed && { ...run, status: resumed.status }
  })
  if (!result.ok) return standing ?? result
  const { run } = result.value
  if (resumed !== null) {
    await wakeWithin(() => wakeFor(deps.wake, run, resumed as Resumed))
    deps.hints.publish({ runId: run.id })
  }
  return accepted(acceptedRun(run))
}

/** With another policy than `pause` a run does not rest again: it saves, or fails. */
async function refuseStanding(tx: Tx, { id, uid }: LockedRun): Promise<Rejection | null> {
  if (!(await wasPausedByBudget(tx, id)) || (await readPolicy(tx, id)) !== 'pause') return null
  const stop = await readStandingStop(tx, id)
  return stop && rejected('conflict', describeStandingStop(uid, stop))
}

function wakeFor(wake: Wake, run: Readonly<{ id: number; priority: number }>, resumed: Resumed): Promise<void> {
  if (resumed.plan) return wake.plan(run.id, run.priority)
  if (resumed.finish) return wake.finish(run.id, run.priority)
  return wake.tasks(resumed.tasks)
}
