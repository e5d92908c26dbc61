import { readKeptDraft, type PlanDraft } from '../plan/plan-draft.ts'

/** What somebody has changed of a run's plan and not saved, and the version that it was: it outlives a look elsewhere and a reload. */
export type KeptPlan = Readonly<{ version: number; draft: PlanDraft }>

const keyOf = (runId: string): string => `flotilla.plan.${runId}`

export function keepPlan(runId: string, kept: KeptPlan | null): void {
  if (kept === null) return sessionStorage.removeItem(keyOf(runId))
  try {
    sessionStorage.setItem(keyOf(runId), JSON.stringify(kept))
  } catch {
    // Larger than what a tab may store: it is there for as long as the page is.
  }
}

export function readKeptPlan(runId: string): KeptPlan | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(keyOf(runId)) ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('version' in kept) || !('draft' in kept)) return null
    const draft = readKeptDraft(kept.draft)
    return typeof kept.version === 'number' && draft !== null ? { version: kept.version, draft } : null
  } catch {
    return null
  }
}
