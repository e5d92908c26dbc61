import type { ClaimedTask, TaskRef, WakeUp } from '@flotilla/db'

export const ref = (idx: number): TaskRef => ({ runId: 1, idx })

export const wakeUp = (idx: number, more: Partial<WakeUp> = {}): WakeUp => ({
  ...ref(idx),
  role: 'writer',
  delayMs: 0,
  judge: false,
  priority: 5,
  ...more,
})

/** At its first attempt. */
export const claimed = (idx: number): ClaimedTask => ({
  ...ref(idx),
  fence: 1,
  attempt: 1,
  kind: 'first',
  tries: 1,
  recoveries: 0,
  revisions: 0,
  continuations: 0,
  judge: false,
  role: 'writer',
  workspaceId: 1,
})
