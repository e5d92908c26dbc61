import { refusalFailure, type AttemptOutcome, type CallRefusal, type Turn } from '@flotilla/agents'
import type { ClaimedTask, Settlement, SettlementData } from '@flotilla/db'
import {
  decideAfterCutOff,
  decideAfterFailure,
  isRetryable,
  type Failure,
  type JsonObject,
  type Usage,
} from '@flotilla/domain'
import { toldHop } from './money/call-book.ts'
import type { RunDeps } from './run-deps.ts'

/** How long a task rests whose attempt broke off because the record was away. */
const OUTAGE_REST_MS = 500

export const settlement = (
  task: ClaimedTask,
  verb: Settlement['verb'],
  data: SettlementData,
  delayMs = 0,
): Settlement => ({
  runId: task.runId,
  idx: task.idx,
  fence: task.fence,
  judged: task.judge,
  verb,
  delayMs,
  data,
})

export const turnEvent = (turn: Turn): JsonObject => ({
  turn: turn.turn,
  model: turn.model,
  stopReason: turn.stopReason,
  startedAt: turn.startedAt,
  usage: { ...turn.usage },
  ...(turn.hops && { hops: turn.hops.map(toldHop) }),
})

export type Spent = Readonly<{ usage?: Usage; unrecorded?: Usage; lastTurn?: Turn | undefined }>

/** What every settlement of an attempt carries: its kind, what it used, and the turn that no transaction holds yet. */
export function attemptData(task: ClaimedTask, spent: Spent): SettlementData {
  return {
    kind: task.kind,
    ...(spent.usage ? { usage: spent.usage } : {}),
    ...(spent.unrecorded ? { spent: spent.unrecorded } : {}),
    ...(spent.lastTurn ? { turn: spent.lastTurn, turnEvent: turnEvent(spent.lastTurn) } : {}),
  }
}

/** Back to be tried again soon; burns nothing. */
export const handBack = (task: ClaimedTask, spent: Spent = {}): Settlement =>
  settlement(task, 'release', attemptData(task, spent), OUTAGE_REST_MS)

/** How long a task rests at least that is handed back without a call. */
const SHORTEST_WAIT_MS = 50

/** Back until a call can be made: no try is spent, and no slot is held meanwhile. */
export function handBackToWait(
  task: ClaimedTask,
  data: SettlementData,
  waits: Extract<CallRefusal, { kind: 'wait' }>,
  waited: number,
  now: number,
): Settlement {
  const { until, laneId, circuit } = waits
  const wait = { laneId, times: waited + 1, ...(circuit && { circuit }) }
  const { code, message } = refusalFailure(waits, now)
  const error: Failure = { code, message: `waits: ${message}` }
  return settlement(task, 'release', { ...data, error, wait }, Math.max(SHORTEST_WAIT_MS, until - now))
}

/** An answer that was cut off goes on in its conversation, soon; one that is still cut off after its cap is too long for ever. */
export function afterCutOff(task: ClaimedTask, cut: Extract<AttemptOutcome, { kind: 'cut_off' }>): Settlement {
  const decision = decideAfterCutOff(cut.cutOffs)
  const data = attemptData(task, cut)
  if (decision.kind === 'continue')
    return settlement(task, 'release', { ...data, error: cut.failure }, decision.delayMs)
  const error = { ...cut.failure, message: `${cut.failure.message} (it went on ${cut.cutOffs - 1} times)` }
  return settlement(task, 'fail', { ...data, error, event: { error } })
}

export function afterFailure(
  deps: Pick<RunDeps, 'random' | 'retryBaseMs'>,
  task: ClaimedTask,
  maxAttempts: number,
  failure: Failure,
  spent: Spent,
): Settlement {
  const decision = decideAfterFailure({
    failure,
    counts: task,
    maxAttempts,
    random: deps.random(),
    baseMs: deps.retryBaseMs,
  })
  const error: JsonObject = { code: failure.code, message: failure.message }
  const data = { ...attemptData(task, spent), error: failure }
  if (decision.kind === 'retry')
    return settlement(task, 'retry', { ...data, event: { error, delayMs: decision.delayMs } }, decision.delayMs)
  if (!isRetryable(failure.code)) return settlement(task, 'fail', { ...data, event: { error } })
  // It might have passed: a person can tell whether the cause is gone.
  return settlement(task, 'fail', {
    ...data,
    deadLetter: 'tries_used_up',
    event: { error, deadLetter: 'tries_used_up' },
  })
}

/** A verdict that does not accept: another try at it with what failed, or, when revisions are used up, the task's failure. */
export function refusal(
  task: ClaimedTask,
  data: SettlementData,
  verdict: NonNullable<SettlementData['verdict']>,
): Settlement {
  const failed = verdict.findings.filter((finding) => !finding.passed)
  const criteria = failed.map(({ criterion, rationale, score }) => ({ criterion, rationale, score }))
  if (verdict.decision === 'revise')
    return settlement(task, 'revise', { ...data, event: { score: verdict.score, failed: criteria } })
  const error: Failure = {
    code: 'verification_failed',
    message: `not accepted after ${task.revisions} ${task.revisions === 1 ? 'revision' : 'revisions'}: ${failed.map((f) => `${f.criterion} (${f.rationale})`).join('; ')}`,
  }
  return settlement(task, 'fail', {
    ...data,
    attemptStatus: 'failed',
    error,
    event: { error: { ...error }, score: verdict.score, failed: criteria },
  })
}
