import type { PastAttempt } from '@flotilla/agents'
import { accountsOf, type ClaimedTask, type Settlement, type TaskRecord } from '@flotilla/db'
import { describeCrossing, savesNow } from '@flotilla/domain'
import { settlement } from './task-settlement.ts'

/**
 * An optional task that has not begun is left out where the budget of its run, or of the month, asks to save; what waits for it
 * goes on without it. Its own budget says nothing of the others'. Null: it is carried out.
 */
export function leaveOut(task: ClaimedTask, record: TaskRecord, past: readonly PastAttempt[]): Settlement | null {
  if (!record.spec.optional || task.kind === 'retry' || task.kind === 'revision') return null
  if (past.some(({ turns }) => turns.length > 0)) return null
  const crossing = savesNow(
    record.onExceeded,
    accountsOf(record).filter(({ level }) => level !== 'task'),
  )
  if (crossing === null) return null
  const [why, budget] = [describeCrossing(crossing), { ...crossing }]
  const reason = `the task is optional, and left out to save: ${why}`
  return settlement(task, 'drop', {
    kind: task.kind,
    error: { code: 'budget_exceeded', message: reason },
    event: { reason, budget },
    told: { reason: why, changed: [{ what: 'optional_task', task: record.key }], budget },
  })
}
