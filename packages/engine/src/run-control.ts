import { inWorkspace, lockRun, type Db, type LockedRun, type Tx, type WakeUp } from '@flotilla/db'
import {
  RUN_ID,
  accepted,
  decideControl,
  describeForbidden,
  rejected,
  type Rejection,
  type Result,
  type RunControl,
  type RunStatus,
} from '@flotilla/domain'
import { systemTimers } from '@flotilla/runtime'

/** A run by its outside id, in the workspace that asks. */
export type RunRef = Readonly<{ workspaceId: number; runId: string }>

/** What creating and controlling a run answers. */
export type RunAccepted = Readonly<{
  id: string
  status: RunStatus
  priority: number
  planVersion: number
  createdAt: string
}>

/** Tells the planner, a finisher or agents of a run with work for them. */
export type Wake = Readonly<{
  plan(runId: number, priority: number): Promise<void>
  finish(runId: number, priority: number): Promise<void>
  tasks(tasks: readonly WakeUp[]): Promise<void>
}>

export const runNotFound = (runId: string): Rejection => rejected('not_found', `there is no run "${runId}"`)

export const acceptedRun = (run: LockedRun): RunAccepted => ({
  id: run.uid,
  status: run.status,
  priority: run.priority,
  planVersion: run.planVersion,
  createdAt: run.createdAt.toISOString(),
})

/** `applied` is false when the control had taken effect already. */
export type Controlled = Readonly<{ run: LockedRun; applied: boolean }>

/**
 * A control under the run's lock, so that what `decideControl` saw is what `apply` changes. `apply` answers the run
 * afterwards, or null when its guarded write found another status.
 */
export function controlRun(
  db: Db,
  ref: RunRef,
  control: RunControl,
  apply: (tx: Tx, run: LockedRun) => Promise<LockedRun | null>,
): Promise<Result<Controlled>> {
  return inWorkspace(db, ref.workspaceId, async (tx) => {
    const run = RUN_ID.test(ref.runId) ? await lockRun(tx, ref.runId) : null
    if (run === null) return runNotFound(ref.runId)
    const decision = decideControl(control, run.status, run.autoStart)
    if (decision === 'already') return accepted({ run, applied: false })
    if (decision === 'forbidden') return rejected('conflict', forbiddenDetail(control, run))
    const after = await apply(tx, run)
    return after === null
      ? rejected('conflict', forbiddenDetail(control, run))
      : accepted({ run: after, applied: true })
  })
}

/** A run that starts by itself does not rest: its state alone would not say why its plan is fixed. */
function forbiddenDetail(control: RunControl, run: LockedRun): string {
  const detail = describeForbidden(control, run.status)
  return control === 'replace_plan' && run.autoStart
    ? `${detail}; it starts by itself or was started, so its plan is fixed`
    : detail
}

const WAKE_TIMEOUT_MS = 1_000

/**
 * Follows a commit, best effort: a queue that is away or slow is no error, since what is due has the reconciler wake for it.
 */
export async function wakeWithin(wake: () => Promise<void>): Promise<void> {
  const givenUp = Promise.withResolvers<void>()
  const cancel = systemTimers.after(WAKE_TIMEOUT_MS, givenUp.resolve)
  await Promise.race([wake().catch(() => {}), givenUp.promise])
  cancel()
}

export const wakePlanner = (wake: Pick<Wake, 'plan'>, runId: number, priority: number): Promise<void> =>
  wakeWithin(() => wake.plan(runId, priority))
