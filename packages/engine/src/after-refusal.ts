import type { CallRefusal } from '@flotilla/agents'
import {
  pauseForBudget,
  pauseForKey,
  recordBudgetExceeded,
  type ClaimedTask,
  type Settlement,
  type SettlementData,
  type TaskRecord,
} from '@flotilla/db'
import type { Failure, JsonObject } from '@flotilla/domain'
import type { RunDeps } from './run-deps.ts'
import { handBackToWait, settlement } from './task-settlement.ts'

/** Why a budget let no call be made, with the amounts, for the run's log. */
export const exceededEvent = ({ stop, reason, policy }: Extract<CallRefusal, { kind: 'exceeded' }>): JsonObject => ({
  reason,
  policy,
  ...(stop && { budget: { ...stop } }),
})

/**
 * What is to be settled where a call could not be made: wait, pause the run for a top-up, or fail. What goes on later redoes
 * nothing: the turns that are recorded stay.
 */
export async function afterRefusal(
  deps: Pick<RunDeps, 'db' | 'now' | 'hints'>,
  task: ClaimedTask,
  record: TaskRecord,
  refusal: CallRefusal,
  data: SettlementData,
): Promise<Settlement> {
  switch (refusal.kind) {
    case 'wait':
      return handBackToWait(task, data, refusal, record.wait?.times ?? 0, deps.now().getTime())
    case 'stopped':
      return settlement(task, 'release', data)
    case 'exceeded': {
      const told = exceededEvent(refusal)
      const error: Failure = { code: 'budget_exceeded', message: refusal.reason }
      if (refusal.policy === 'pause') {
        await pauseForBudget(deps.db, task, told)
        deps.hints.publish({ runId: task.runId })
        return settlement(task, 'release', { ...data, error })
      }
      await recordBudgetExceeded(deps.db, task, told)
      return settlement(task, 'fail', { ...data, error, event: { error: { ...error } } })
    }
  }
}

/** A provider refuses its key: the run rests, for every further call of it would be refused too. */
export async function afterRefusedKey(
  deps: Pick<RunDeps, 'db' | 'hints'>,
  task: ClaimedTask,
  data: SettlementData,
  failure: Failure,
): Promise<Settlement> {
  await pauseForKey(deps.db, task, failure.message)
  deps.hints.publish({ runId: task.runId })
  return settlement(task, 'release', { ...data, error: failure })
}
