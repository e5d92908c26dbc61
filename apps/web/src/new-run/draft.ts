import { useEffect, useState } from 'react'
import { readKeptDraft } from '../plan/plan-draft.ts'
import { EMPTY_FORM, type RunForm } from './form.ts'

const KEY = 'flotilla.new-run'

/** The form, kept for as long as the tab is there: neither a reload nor a way to another page loses what was typed. */
export function useDraft() {
  const [form, setForm] = useState(readKept)
  useEffect(() => {
    // Documents are not kept: they may be larger than what a tab may store.
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...form, documents: [] }))
    } catch {
      // A plan may be, too: the form is then there for as long as the page is.
    }
  }, [form])
  return { form, setForm, forget: () => sessionStorage.removeItem(KEY) }
}

function readKept(): RunForm {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}')
    if (typeof kept !== 'object' || kept === null) return EMPTY_FORM
    const plan = 'plan' in kept ? readKeptDraft(kept.plan) : null
    return { ...EMPTY_FORM, ...kept, plan: plan ?? EMPTY_FORM.plan, documents: [] }
  } catch {
    return EMPTY_FORM
  }
}
