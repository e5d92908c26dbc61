import { runRules, type AttemptOutcome } from '@flotilla/agents'
import {
  readTaskArtifacts,
  type ClaimedTask,
  type Settlement,
  type SettlementData,
  type TaskRecord,
} from '@flotilla/db'
import {
  decideVerdict,
  DEFAULT_MAX_REVISIONS,
  isJudge,
  type JsonObject,
  type Output,
  type Usage,
} from '@flotilla/domain'
import { documentsOf } from './attempt-deps.ts'
import { afterRefusal, afterRefusedKey } from './after-refusal.ts'
import { awaitDecision } from './await-decision.ts'
import type { RunDeps } from './run-deps.ts'
import { afterCutOff, afterFailure, attemptData, refusal, settlement } from './task-settlement.ts'

/** What is to be settled for how an attempt ended; `answeredBy` is the model of each of its conversation's turns, in order. */
export async function settleOutcome(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  outcome: AttemptOutcome,
  answeredBy: readonly string[],
): Promise<Settlement> {
  switch (outcome.kind) {
    case 'lost':
    // Refused by its fence where the task is somebody else's by now; of a cancelled one it tells what was used.
    case 'released':
      return settlement(task, 'release', attemptData(task, outcome))
    case 'failed':
      if (outcome.failure.code === 'model_auth')
        return afterRefusedKey(deps, task, attemptData(task, outcome), outcome.failure)
      return afterFailure(deps, task, record.spec.maxAttempts, outcome.failure, outcome)
    case 'refused':
      return afterRefusal(deps, task, record, outcome.refusal, attemptData(task, outcome))
    case 'await':
      return awaitDecision(deps, task, outcome)
    case 'cut_off':
      return afterCutOff(task, outcome)
    case 'output':
      return afterOutput(deps, task, record, outcome, answeredBy)
  }
}

/** Rules first, at once and for free; then a judge, where the task asks for one. */
async function afterOutput(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  outcome: Extract<AttemptOutcome, { kind: 'output' }>,
  answeredBy: readonly string[],
): Promise<Settlement> {
  const { output } = outcome
  const findings = await runRules({
    criteria: record.spec.verify,
    output,
    artifacts:
      output.artifacts.length > 0 || record.spec.verify.length > 0 ? await readTaskArtifacts(deps.db, task, 0) : [],
    readDocument: documentsOf(deps, record).read,
  })
  const data: SettlementData = { ...attemptData(task, outcome), output }
  const verdict = decideVerdict(findings, task.revisions, DEFAULT_MAX_REVISIONS)
  const event = completedEvent(outcome.usage, verdict.score, answeredBy, output)
  if (verdict.decision === 'accepted') {
    if (record.spec.verify.some(isJudge)) return settlement(task, 'verify', { ...data, findings, event })
    return settlement(
      task,
      'complete',
      record.spec.verify.length > 0 ? { ...data, verdict, event } : { ...data, event },
    )
  }
  return refusal(task, { ...data, verdict }, verdict)
}

/** The last is who gave the answer. */
export function answeredEvent(answeredBy: readonly string[]): JsonObject {
  const models = [...new Set(answeredBy)]
  return { model: answeredBy.at(-1) ?? null, ...(models.length > 1 && { models }) }
}

const completedEvent = (usage: Usage, score: number, answeredBy: readonly string[], output: Output): JsonObject => ({
  ...answeredEvent(answeredBy),
  score,
  simulated: output.simulated,
  usage: { ...usage },
})
