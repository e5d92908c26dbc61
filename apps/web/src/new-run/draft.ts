import { useEffect, useState } from 'react'
import { EMPTY_FORM, type RunForm } from './form.ts'

const KEY = 'flotilla.new-run'

/** The form, kept for as long as the tab is there: neither a reload nor a way to another page loses what was typed. */
export function useDraft() {
  const [form, setForm] = useState(readKept)
  useEffect(() => {
    // Documents are not kept: they may be larger than what a tab may store.
    sessionStorage.setItem(KEY, JSON.stringify({ ...form, documents: [] }))
  }, [form])
  return { form, setForm, forget: () => sessionStorage.removeItem(KEY) }
}

function readKept(): RunForm {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}')
    return typeof kept === 'object' && kept !== null ? { ...EMPTY_FORM, ...kept, documents: [] } : EMPTY_FORM
  } catch {
    return EMPTY_FORM
  }
}
