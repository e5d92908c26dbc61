import type { PlanRequest } from './plan-request.ts'
import { keysOf, readers, subjectOf } from './readers.ts'
import { finalTask, ROLES, step, type PlanDraft } from './task-draft.ts'

/** Material, outline, draft, review, final text. */
export function planWriting(request: PlanRequest): PlanDraft {
  const sources = readers(
    request,
    'gather',
    (names) => `Extract from ${names} what a text on ${subjectOf(request)} can use.`,
  )
  const gathered = keysOf(sources)
  const tasks = [
    ...sources,
    step(
      'outline',
      ROLES.writer,
      'synthesis',
      'Outline the text',
      'Order the material: what comes first, what follows, what is left out.',
      gathered,
    ),
    step('draft', ROLES.writer, 'draft', 'Write a draft', 'Write a full draft along the outline.', [
      ...gathered,
      'outline',
    ]),
    step(
      'review',
      ROLES.reviewer,
      'review',
      'Review the draft',
      'Review the draft: what is missing, wrong or hard to follow.',
      ['draft'],
    ),
    finalTask(
      request,
      'final',
      'Write the final text from the draft and the review.',
      [...gathered, 'draft', 'review'],
      'text.md',
    ),
  ]
  return {
    reason: 'a text: material, outline, draft, review and final text, one after the other',
    tasks,
    result: 'final',
  }
}
