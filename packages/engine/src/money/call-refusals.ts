import { refusalFailure, type CalledModel, type CallRefusal } from '@flotilla/agents'
import type { Admission } from '@flotilla/db'
import { decideStop, describeCallStop, type BudgetStop, type CallDecision } from '@flotilla/domain'
import type { ModelOutcome } from '@flotilla/llm'
import type { StopStatus, Walk } from './call-walk.ts'

const ROOM_WAIT_MS = 500
const MAX_ROOM_WAIT_MS = 8_000
/** A provider that refuses this often in a row has more than a busy minute. */
const MAX_REFUSED_WAITS = 40

/** What an admission says, for the walk; null where the call may be made. */
export function admissionRefusal(walk: Walk, admission: Admission): CallRefusal | null {
  switch (admission.status) {
    case 'admitted':
      walk.accounts = admission.accounts
      return null
    case 'budget':
      walk.accounts = admission.accounts
      walk.full = admission.stop
      return { kind: 'exceeded', policy: 'fail', stop: admission.stop, reason: 'the budget has no room' }
    case 'out_of_time':
      walk.refusal = outOfTime(walk)
      return walk.refusal
    default:
      if (admission.status === 'fence_lost') walk.deps.metrics?.fenced()
      walk.refusal = { kind: 'stopped', why: STOPPED[admission.status] }
      walk.input.onRefused(admission.status)
      return walk.refusal
  }
}

const STOPPED: Readonly<Record<StopStatus, string>> = {
  paused: 'the run is paused',
  cancelled: 'the run is cancelled',
  ended: 'the run has ended',
  fence_lost: 'this claim is lost to another',
  settled: 'this call was made before',
  closed: 'this call was given up before',
}

/** A run that is to pause is paused by the watch over deadlines, which knows its time; a moment later its task asks again. */
function outOfTime(walk: Walk): CallRefusal {
  walk.deps.metrics?.budgetRefused('run', 'seconds')
  return walk.input.policy === 'pause'
    ? roomRefusal(walk, 'the run has no time left')
    : { kind: 'exceeded', policy: 'fail', stop: null, reason: 'the run ran out of time' }
}

export function stopRefusal(walk: Walk, decision: Exclude<CallDecision, { kind: 'call' }>): CallRefusal {
  const { kind, stop, reason } = decision
  walk.deps.metrics?.budgetRefused(stop.level, stop.dimension)
  return kind === 'wait' ? roomRefusal(walk, reason) : { kind: 'exceeded', policy: kind, stop, reason }
}

export function fullRefusal(walk: Walk, stop: BudgetStop): CallRefusal {
  walk.deps.metrics?.budgetRefused(stop.level, stop.dimension)
  const [kind, reason] = [decideStop(walk.input.policy, stop), describeCallStop(stop)]
  return kind === 'wait' ? roomRefusal(walk, reason) : { kind: 'exceeded', policy: kind, stop, reason }
}

/** Until other calls have ended; longer each time, and not all at once. */
function roomRefusal({ deps, input }: Walk, why: string): CallRefusal {
  return {
    kind: 'wait',
    cause: 'room',
    until: deps.now().getTime() + roomWaitMs(input.waited, deps.random()),
    laneId: null,
    why,
  }
}

export const roomWaitMs = (waited: number, random: number): number =>
  Math.ceil(Math.min(MAX_ROOM_WAIT_MS, ROOM_WAIT_MS * 2 ** Math.min(waited, 10)) * (0.75 + random / 2))

export function refused(walk: Walk, refusal: CallRefusal): CalledModel {
  if (refusal.kind === 'wait') walk.deps.metrics?.gateWaited(refusal.cause)
  const failure = refusalFailure(refusal, walk.deps.now().getTime())
  return { outcome: { ok: false, failure }, modelRef: walk.asked, usage: walk.usage, refusal }
}

/** A lane that is closed, or was closed by this very call, is waited for: that is no failure of the task. */
export function finished(walk: Walk, outcome: ModelOutcome): CalledModel {
  const { usage, deps, input } = walk
  if (outcome.ok) return { outcome, modelRef: outcome.reply.ref ?? walk.asked, usage, refusal: null }
  const { failure, wait } = outcome
  if (wait) return refused(walk, { kind: 'wait', cause: 'lane', ...wait, why: failure.message })
  if (failure.code === 'model_rate_limited' && input.waited < MAX_REFUSED_WAITS) {
    const until = deps.now().getTime() + (failure.retryAfterMs ?? roomWaitMs(input.waited, deps.random()))
    return refused(walk, { kind: 'wait', cause: 'lane', until, laneId: null, why: failure.message })
  }
  return { outcome, modelRef: walk.asked, usage, refusal: null }
}
