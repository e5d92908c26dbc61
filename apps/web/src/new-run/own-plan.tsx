import { useCallback, useState } from 'react'
import { plural } from '../format/quantities.ts'
import { isEmptyDraft, type PlanDraft } from '../plan/plan-draft.ts'
import { PlanEditor } from '../plan/plan-editor.tsx'
import { usePlanEdits } from '../plan/use-plan-edits.ts'
import type { RunForm } from './form.ts'

export type SetForm = (change: (before: RunForm) => RunForm) => void

type OwnPlanProps = Readonly<{ form: RunForm; setForm: SetForm; problem: string | undefined }>

/** A plan that the run takes instead of making one; folded away, since most runs are planned. */
export function OwnPlan({ form, setForm, problem }: OwnPlanProps) {
  const keep = useCallback(
    (plan: PlanDraft) => setForm((before) => (before.plan === plan ? before : { ...before, plan })),
    [setForm],
  )
  const edits = usePlanEdits(form.plan, keep)
  const [begun] = useState(() => !isEmptyDraft(form.plan))
  return (
    <details className="panel min-w-0" open={begun}>
      <summary className="px-3 py-2 font-semibold" data-wrong={problem === undefined ? undefined : true}>
        A plan of your own{' '}
        <span className="font-normal text-muted">
          {isEmptyDraft(edits.draft)
            ? 'instead of the planner’s'
            : `${plural(edits.draft.plan.tasks.length, 'task')}, instead of the planner’s`}
        </span>
        {problem !== undefined && <span className="block text-small font-normal text-bad">{problem}</span>}
      </summary>
      <div className="border-t border-line p-3">
        <PlanEditor edits={edits} />
      </div>
    </details>
  )
}
