import type { PlanRequest } from './plan-request.ts'
import { keysOf, readers } from './readers.ts'
import { finalTask, ROLES, step, type PlanDraft } from './task-draft.ts'

/** What fits no other workflow: read, do, review, finish. */
export function planCustom(request: PlanRequest): PlanDraft {
  const sources = readers(request, 'read', (names) => `Extract from ${names} what bears on the goal.`)
  const tasks = [
    ...sources,
    step('work', ROLES.analyst, 'synthesis', 'Work out the result', 'Do what the goal asks for.', keysOf(sources)),
    step('review', ROLES.reviewer, 'review', 'Review the result', 'Review the result against the goal.', ['work']),
    finalTask(
      request,
      'result',
      'Give the final result, mending what the review found.',
      [...keysOf(sources), 'work', 'review'],
      'result.md',
    ),
  ]
  return {
    reason: 'the general workflow, since no other fits: the work is done, reviewed and finished',
    tasks,
    result: 'result',
  }
}
