import { readKeptDraft, type PlanDraft } from '../plan/plan-draft.ts'

/** What somebody has changed of a run's plan and not saved, and the version that it was: it outlives a look elsewhere and a reload. */
export type KeptPlan = Readonly<{ version: number; draft: PlanDraft }>

/** What a tab may store has an end; what is larger is here for as long as the page is. */
const kept = new Map<string, KeptPlan>()
const keyOf = (runId: string): string => `flotilla.plan.${runId}`

export function keepPlan(runId: string, plan: KeptPlan | null): void {
  kept.delete(runId)
  sessionStorage.removeItem(keyOf(runId))
  if (plan === null) return
  kept.set(runId, plan)
  try {
    sessionStorage.setItem(keyOf(runId), JSON.stringify(plan))
  } catch {
    // It is too large to outlive a reload.
  }
}

export const readKeptPlan = (runId: string): KeptPlan | null => kept.get(runId) ?? readStored(runId)

function readStored(runId: string): KeptPlan | null {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(keyOf(runId)) ?? 'null')
    if (typeof stored !== 'object' || stored === null || !('version' in stored) || !('draft' in stored)) return null
    const draft = readKeptDraft(stored.draft)
    return typeof stored.version === 'number' && draft !== null ? { version: stored.version, draft } : null
  } catch {
    return null
  }
}
