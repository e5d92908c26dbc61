import type { PlanRequest } from './plan-request.ts'
import { keysOf, readers, subjectOf } from './readers.ts'
import { finalTask, ROLES, step, type PlanDraft } from './task-draft.ts'

/** Each source profiled at the same time, then quality, analysis, report. */
export function planData(request: PlanRequest): PlanDraft {
  const profiles = readers(
    request,
    'profile',
    (names) => `Extract from ${names} what it holds: figures, units, periods and gaps.`,
  )
  const sources = keysOf(profiles)
  const quality = request.documents.length > 1 ? 'contradictions' : 'quality'
  const tasks = [
    ...profiles,
    step(
      'quality',
      ROLES.data,
      quality,
      'Check the quality of the data',
      'Find gaps, outliers, and figures that contradict each other.',
      sources,
    ),
    step(
      'analysis',
      ROLES.data,
      'synthesis',
      `Analyse ${subjectOf(request)}`,
      'Analyse the figures in view of the goal.',
      [...sources, 'quality'],
    ),
    finalTask(
      request,
      'report',
      'Report the result with its figures, and how far they can be trusted.',
      ['quality', 'analysis'],
      'analysis.md',
    ),
  ]
  return {
    reason: 'data: each source is profiled at the same time, then quality, analysis and report',
    tasks,
    result: 'report',
  }
}
