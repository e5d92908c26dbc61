import type { PlanRequest } from './plan-request.ts'
import { keysOf, subjectOf } from './readers.ts'
import { finalTask, ROLES, step, type PlanDraft, type TaskDraft } from './task-draft.ts'

const ANGLES: readonly (readonly [key: string, title: string, work: string])[] = [
  ['facts', 'Facts and figures', 'Collect the facts and figures'],
  ['limits', 'Limits, risks and objections', 'Collect limits, risks, failures and objections'],
  ['open', 'What is disputed', 'Find what the sources dispute, contradict or leave open'],
]

/** Several angles at the same time, brought together, reviewed and written up. */
export function planResearch(request: PlanRequest): PlanDraft {
  const about = subjectOf(request)
  const angles = ANGLES.slice(0, request.complexity === 'simple' ? 2 : 3).map(([key, title, work]): TaskDraft => ({
    key,
    roles: ROLES.researcher,
    type: key === 'open' && request.documents.length > 1 ? 'contradictions' : 'angle',
    title: `${title}: ${about}`,
    instructions: `${work} on ${about}.`,
    dependsOn: [],
  }))
  const tasks = [
    ...angles,
    step(
      'synthesis',
      ROLES.analyst,
      'synthesis',
      'Bring the findings together',
      'Bring the findings together into one account, by topic, without repeating any.',
      keysOf(angles),
    ),
    step(
      'review',
      ROLES.reviewer,
      'review',
      'Review the account',
      'Review the account: sources, gaps, one-sided statements.',
      ['synthesis'],
    ),
    finalTask(
      request,
      'report',
      'Write the final report from the account, mending what the review found.',
      [...keysOf(angles), 'synthesis', 'review'],
      'report.md',
    ),
  ]
  return {
    reason: `research: ${angles.length} angles at the same time, brought together, reviewed and written up`,
    tasks,
    result: 'report',
  }
}
