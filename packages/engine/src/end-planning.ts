import type { CallRefusal } from '@flotilla/agents'
import {
  failPlanning,
  pauseForBudget,
  postponePlanning,
  recordBudgetExceeded,
  type PlannerTurn,
  type RunClaim,
} from '@flotilla/db'
import { isRetryable, NO_USAGE, retryDelayMs, type Failure, type Usage } from '@flotilla/domain'
import type { Producer } from '@flotilla/queue'
import { exceededEvent } from './after-refusal.ts'
import { tellLatePlanner } from './late-usage.ts'
import type { RunDeps } from './run-deps.ts'

/** Planning is tried this often before the run fails. */
const MAX_TRIES = 4

type EndDeps = RunDeps & Readonly<{ producer: Producer }>

/** A call could not be made: planning waits, rests with its paused run, or ends. */
export async function afterRefusal(
  deps: EndDeps,
  claim: RunClaim,
  refusal: CallRefusal,
  turns: readonly PlannerTurn[],
  usage: Usage,
): Promise<void> {
  if (refusal.kind === 'stopped') return rest(deps, claim, turns, usage, 0)
  if (refusal.kind === 'wait') return rest(deps, claim, turns, usage, refusal.until - deps.now().getTime())
  const told = exceededEvent(refusal)
  if (refusal.policy === 'pause') {
    await pauseForBudget(deps.db, { runId: claim.runId, idx: null }, told)
    return rest(deps, claim, turns, usage, 0)
  }
  await recordBudgetExceeded(deps.db, { runId: claim.runId, idx: null }, told)
  const failure = { code: 'budget_exceeded', message: refusal.reason } as const
  if (!(await failPlanning(deps.db, claim, { failure, turns, usage }))) await tellLatePlanner(deps, claim, usage)
}

export async function failPlan(deps: EndDeps, claim: RunClaim, failure: Failure): Promise<null> {
  await failPlanning(deps.db, claim, { failure, turns: [], usage: NO_USAGE })
  return null
}

/** Stopped in the middle: another planner is woken at once. With the claim lost there is nothing to give back. */
export async function handBack(
  deps: EndDeps,
  claim: RunClaim,
  turns: readonly PlannerTurn[] = [],
  usage: Usage = NO_USAGE,
): Promise<void> {
  const back = await postponePlanning(deps.db, claim, { delayMs: 0, turns, usage, interrupted: true })
  if (back) await deps.producer.wakePlan(claim.runId, claim.priority)
  else await tellLatePlanner(deps, claim, usage)
}

/** Planned later, from the beginning: a resume wakes another planner, or the reconciler when the time has come. */
export async function rest(
  deps: EndDeps,
  claim: RunClaim,
  turns: readonly PlannerTurn[],
  usage: Usage,
  delayMs: number,
): Promise<void> {
  const delay = Math.max(0, delayMs)
  const rests = await postponePlanning(deps.db, claim, { delayMs: delay, turns, usage, interrupted: true })
  if (!rests) await tellLatePlanner(deps, claim, usage)
}

/** What may pass is tried again after a while; the rest, and the last try, end the run. */
export async function giveUpOrRelease(
  deps: EndDeps,
  claim: RunClaim,
  failure: Failure,
  turns: readonly PlannerTurn[] = [],
  usage: Usage = NO_USAGE,
): Promise<void> {
  if (isRetryable(failure.code) && claim.tries < MAX_TRIES) {
    const delayMs = retryDelayMs(claim.tries, deps.random(), failure.retryAfterMs ?? 0, deps.retryBaseMs)
    deps.metrics?.retried('plan')
    if (!(await postponePlanning(deps.db, claim, { delayMs, turns, usage }))) await tellLatePlanner(deps, claim, usage)
    return
  }
  if (!(await failPlanning(deps.db, claim, { failure, turns, usage }))) await tellLatePlanner(deps, claim, usage)
}
