import {
  inWorkspace,
  lockRun,
  readRun,
  readStandingStop,
  recordPatch,
  wasPausedByBudget,
  type Db,
  type LockedRun,
  type Tx,
} from '@flotilla/db'
import {
  accepted,
  amountText,
  BUDGET_DIMENSIONS,
  givenLimits,
  isTerminalRun,
  rejected,
  RUN_ID,
  type BudgetStop,
  type PatchRun,
  type Rejection,
  type RunStatus,
  type Result,
  type RunView,
} from '@flotilla/domain'
import type { Hints } from './hints.ts'
import { limitIssues, type PricingDeps } from './money/check-smallest-call.ts'
import { resumeRun } from './resume-run.ts'
import { runNotFound, type RunRef, type Wake } from './run-control.ts'
import { describeIssues } from './submit-run.ts'

/**
 * Changes budget, priority or labels of a live run. One that its budget has paused goes on once another limit lets its call
 * through; another policy alone, or too small a raise, leaves it paused. Errors:
 * `not_found`, `conflict`, `invalid_input` for a limit below what is spent and held, or below the smallest call.
 */
export async function patchRun(
  deps: Readonly<{ db: Db; hints: Hints; wake: Wake; models?: PricingDeps }>,
  ref: RunRef,
  patch: PatchRun,
): Promise<Result<RunView>> {
  const patched = await inWorkspace(deps.db, ref.workspaceId, async (tx): Promise<Result<{ resumes: boolean }>> => {
    const run = RUN_ID.test(ref.runId) ? await lockRun(tx, ref.runId) : null
    if (run === null) return runNotFound(ref.runId)
    if (isTerminalRun(run.status)) return rejected('conflict', hasEnded(run.status))
    const issues = deps.models ? limitIssues(deps.models, givenLimits(patch.budget ?? {})) : []
    if (issues.length > 0) return rejected('invalid_input', describeIssues(issues), issues)
    const stop = await recordPatch(tx, run, patch)
    if (stop !== null) return tooLow(stop)
    return accepted({ resumes: run.status === 'paused' && (await letsGoOn(tx, run, patch)) })
  })
  if (!patched.ok) return patched
  if (patched.value.resumes) await resumeRun(deps, ref)
  const view = await inWorkspace(deps.db, ref.workspaceId, (tx) => readRun(tx, ref.runId))
  return view === null ? runNotFound(ref.runId) : accepted(view)
}

async function letsGoOn(tx: Tx, run: LockedRun, { budget }: PatchRun): Promise<boolean> {
  const changesLimits = BUDGET_DIMENSIONS.some((dimension) => budget?.[dimension] !== undefined)
  return changesLimits && (await wasPausedByBudget(tx, run.id)) && (await readStandingStop(tx, run.id)) === null
}

const hasEnded = (status: RunStatus): string =>
  `cannot change a run that is ${status}: it has ended and stays so. To do the work again, create another run with the budget that it needs`

function tooLow({ dimension, limit, settled, reserved }: BudgetStop): Rejection {
  const message = `a limit of ${amountText(dimension, limit)} is below what is spent (${amountText(dimension, settled, 'up')}) and held for calls under way (${amountText(dimension, reserved)})`
  return rejected('invalid_input', message, [{ path: `/budget/${dimension}`, message }])
}
