import { useEffect, useRef } from 'react'
import { rangeOfTask, textOf, unreadOf, type PlanForm } from './plan-draft.ts'
import type { Picked } from './plan-drawing.ts'
import type { PlanEdits } from './use-plan-edits.ts'

export type PlanTextPaneProps = Readonly<{ edits: PlanEdits; form: PlanForm; picked: Picked }>

const HINTS: Readonly<Record<PlanForm, string>> = {
  text: 'Keys, tools, criteria and limits have no place in the text; tasks that stay keep theirs. JSON shows them.',
  json: 'All that a plan can say; what is left out is as usual.',
}
const LABELS: Readonly<Record<PlanForm, string>> = { text: 'Plan as text', json: 'Plan as JSON' }

/** The plan to be written; a task that is picked in the graph is marked here. */
export function PlanTextPane({ edits, form, picked }: PlanTextPaneProps) {
  const { draft, type } = edits
  const area = useRef<HTMLTextAreaElement>(null)
  const text = textOf(draft, form)
  const index = picked?.kind === 'task' ? picked.index : null
  useEffect(() => {
    const range = index === null ? null : rangeOfTask(area.current?.value ?? '', form, { plan: draft.plan, index })
    if (range === null) return
    area.current?.focus()
    area.current?.setSelectionRange(range.from, range.to)
    // Only a pick marks: what is typed moves no mark.
  }, [index, form])
  const elsewhere = unreadOf(draft).length > 0 && draft.typed?.form !== form
  if (text === null)
    return (
      <p className="text-muted">
        The text form cannot tell this plan as it is: see the mistakes, and mend them in the graph, under Tasks or in
        JSON.
      </p>
    )
  return (
    <div className="flex h-full min-h-72 flex-col gap-1">
      <textarea
        ref={area}
        aria-label={LABELS[form]}
        aria-describedby={`plan-${form}-hint`}
        spellCheck={false}
        readOnly={elsewhere}
        className="field min-h-64 flex-1 resize-y font-mono text-small"
        value={text}
        placeholder={form === 'text' ? EXAMPLE : ''}
        onChange={(event) => type(form, event.target.value)}
      />
      <p id={`plan-${form}-hint`} className="text-small text-muted">
        {HINTS[form]}
      </p>
    </div>
  )
}

const EXAMPLE = `Task 1: @researcher - Read the notes
    What to do, indented beneath.
Task 2: @writer - Sum it up (depends on Task 1)`
