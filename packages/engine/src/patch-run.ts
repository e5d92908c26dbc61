import {
  inWorkspace,
  lockRun,
  readBudgets,
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
  BUDGET_DIMENSIONS,
  exact,
  givenLimits,
  isTerminalRun,
  rejected,
  RUN_ID,
  type BudgetDimension,
  type BudgetLimits,
  type PatchRun,
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
 * `not_found`, `conflict`, `invalid_input` for a limit that a call is to fit and that is below the smallest one.
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
    const issues = deps.models ? limitIssues(deps.models, await limitsToGoOn(tx, run, patch)) : []
    if (issues.length > 0) return rejected('invalid_input', describeIssues(issues), issues)
    await recordPatch(tx, run, patch)
    return accepted({ resumes: run.status === 'paused' && (await letsGoOn(tx, run, patch)) })
  })
  if (!patched.ok) return patched
  if (patched.value.resumes) await resumeRun(deps, ref)
  const view = await inWorkspace(deps.db, ref.workspaceId, (tx) => readRun(tx, ref.runId))
  return view === null ? runNotFound(ref.runId) : accepted(view)
}

/** Limits that are to let calls through. None and what is spent and held already, or less, is to stop the run. */
async function limitsToGoOn(tx: Tx, run: LockedRun, { budget }: PatchRun): Promise<BudgetLimits> {
  const accounts = await readBudgets(tx, { runId: run.id, idx: null })
  const account = accounts.find(({ level }) => level === 'run')
  const entries = Object.entries(givenLimits(budget ?? {})) as [BudgetDimension, number][]
  return Object.fromEntries(
    entries.filter(([each, limit]) => limit > (account ? exact(account.settled[each] + account.reserved[each]) : 0)),
  )
}

async function letsGoOn(tx: Tx, run: LockedRun, { budget }: PatchRun): Promise<boolean> {
  const changesLimits = BUDGET_DIMENSIONS.some((dimension) => budget?.[dimension] !== undefined)
  return changesLimits && (await wasPausedByBudget(tx, run.id)) && (await readStandingStop(tx, run.id)) === null
}

const hasEnded = (status: RunStatus): string =>
  `cannot change a run that is ${status}: it has ended and stays so. To do the work again, create another run with the budget that it needs`
