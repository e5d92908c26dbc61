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
  amountText,
  BUDGET_DIMENSIONS,
  exact,
  givenLimits,
  isTerminalRun,
  leastLimit,
  rejected,
  RUN_ID,
  type BudgetDimension,
  type BudgetLimits,
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
 * `not_found`, `conflict`, `invalid_input` for seconds that a run resting at its deadline would use up at once, or a limit that a call is to fit and that is below the smallest one.
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
    const short = await tooShort(tx, run, patch)
    if (short !== null) return short
    await recordPatch(tx, run, patch)
    return accepted({ resumes: run.status === 'paused' && (await letsGoOn(tx, run, patch)) })
  })
  if (!patched.ok) return patched
  if (patched.value.resumes) await resumeRun(deps, ref)
  const view = await inWorkspace(deps.db, ref.workspaceId, (tx) => readRun(tx, ref.runId))
  return view === null ? runNotFound(ref.runId) : accepted(view)
}

/** Of a run that rests at its deadline: seconds with which it would rest again before anything is done. */
async function tooShort(tx: Tx, run: LockedRun, { budget }: PatchRun): Promise<Rejection | null> {
  const seconds = budget?.seconds ?? null
  if (seconds === null || run.status !== 'paused' || !(await wasPausedByBudget(tx, run.id))) return null
  const stop = await readStandingStop(tx, run.id)
  if (stop?.level !== 'run' || stop.dimension !== 'seconds' || seconds >= leastLimit(stop)) return null
  const text = (amount: number): string => amountText('seconds', amount, 'up')
  const message = `a limit of ${text(seconds)} does not let the run go on: ${amountText('seconds', stop.settled)} are spent; expected at least ${text(leastLimit(stop))}, or null for no limit`
  return rejected('invalid_input', message, [{ path: '/budget/seconds', message }])
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
