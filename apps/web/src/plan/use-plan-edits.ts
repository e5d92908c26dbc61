import type { PlanInput } from '@flotilla/domain'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { edited, redone, startHistory, undone } from './edit-history.ts'
import { typeText, type PlanDraft, type PlanForm } from './plan-draft.ts'

/** A draft with the ways to change it; `what` names the field that is typed into, whose letters are one step to undo. */
export type PlanEdits = Readonly<{
  draft: PlanDraft
  canUndo: boolean
  canRedo: boolean
  undo: () => void
  redo: () => void
  /** Of the graph and the fields: what was typed as a text is then written anew out of the plan. */
  edit: (change: (plan: PlanInput) => PlanInput, what?: string) => void
  type: (form: PlanForm, text: string) => void
  /** All of it at once, such as what it was at first. */
  replace: (draft: PlanDraft) => void
}>

export function usePlanEdits(start: PlanDraft, onChange: (draft: PlanDraft) => void): PlanEdits {
  const [history, setHistory] = useState(() => startHistory(start))
  const { now } = history
  useEffect(() => onChange(now), [now, onChange])
  const step = useCallback((change: (draft: PlanDraft) => PlanDraft, what: string | null) => {
    const at = Date.now()
    setHistory((before) => edited(before, change(before.now), { what, at }))
  }, [])
  const ways = useMemo(
    () => ({
      undo: () => setHistory(undone),
      redo: () => setHistory(redone),
      edit: (change: (plan: PlanInput) => PlanInput, what?: string) =>
        step((draft) => withPlan(draft, change(draft.plan)), what ?? null),
      type: (form: PlanForm, text: string) => step((draft) => typeText(draft, form, text), form),
      replace: (draft: PlanDraft) => step(() => draft, null),
    }),
    [step],
  )
  return { draft: now, canUndo: history.past.length > 0, canRedo: history.future.length > 0, ...ways }
}

const withPlan = (draft: PlanDraft, plan: PlanInput): PlanDraft => (plan === draft.plan ? draft : { plan, typed: null })
