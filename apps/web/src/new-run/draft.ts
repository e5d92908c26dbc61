import { useEffect, useState } from 'react'
import { readKeptDraft } from '../plan/plan-draft.ts'
import { EMPTY_FORM, type RunForm } from './form.ts'

/** They may be larger than what a tab may store, so they are here for as long as the page is. */
let documents: RunForm['documents'] = EMPTY_FORM.documents
const KEY = 'flotilla.new-run'

/** The form, kept for as long as the tab is there: a way to another page loses nothing of it, and a reload only its documents. */
export function useDraft() {
  const [form, setForm] = useState(readKept)
  useEffect(() => {
    documents = form.documents
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ ...form, documents: [] }))
    } catch {
      // A plan may be, too: the form is then there for as long as the page is.
    }
  }, [form])
  return { form, setForm, forget }
}

function forget(): void {
  documents = EMPTY_FORM.documents
  sessionStorage.removeItem(KEY)
}

function readKept(): RunForm {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}')
    if (typeof kept !== 'object' || kept === null) return { ...EMPTY_FORM, documents }
    const plan = 'plan' in kept ? readKeptDraft(kept.plan) : null
    return { ...EMPTY_FORM, ...kept, plan: plan ?? EMPTY_FORM.plan, documents }
  } catch {
    return { ...EMPTY_FORM, documents }
  }
}
