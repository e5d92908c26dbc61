import type { AttemptOutcome } from '@flotilla/agents'
import type { ClaimedTask, Settlement } from '@flotilla/db'
import { sortableId, type OutcomeSubject } from '@flotilla/domain'
import type { RunDeps } from './run-deps.ts'
import { attemptData, settlement } from './task-settlement.ts'

type Deps = Pick<RunDeps, 'now' | 'randomBytes' | 'approvalMs'>

/** The task rests, without a worker, a slot or a lease, until a person has said what became of its tool call. */
export function awaitDecision(
  deps: Deps,
  task: ClaimedTask,
  outcome: Extract<AttemptOutcome, { kind: 'await' }>,
): Settlement {
  const uid = sortableId('apr', deps.now().getTime(), deps.randomBytes(16))
  const subject: OutcomeSubject = outcome.unknown
  return settlement(task, 'await', {
    ...attemptData(task, outcome),
    approval: { uid, kind: 'tool_outcome', subject, expiresMs: deps.approvalMs },
    event: {
      approvalId: uid,
      kind: 'tool_outcome',
      tool: subject.tool,
      effectId: subject.effectId,
      reason: subject.reason,
    },
  })
}
