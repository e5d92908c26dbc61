import { randomInt } from 'node:crypto'
import { decideApproval } from '@flotilla/engine'
import type { ControlsDeps } from '../faults/controls.ts'
import { pause } from '../pause.ts'
import type pg from 'pg'

const EVERY_MS = 300
const WORKSPACE = 1
const DECISIONS = ['happened', 'repeat', 'skip'] as const

/** A person who decides, one way or another, on whatever waits for one. Ends with the signal. */
export async function decideOnAll(
  { db, hints, producer }: ControlsDeps,
  pool: pg.Pool,
  signal: AbortSignal,
): Promise<void> {
  const wake = { tasks: (tasks: Parameters<typeof producer.wakeTasks>[0]) => producer.wakeTasks(tasks) }
  for (; !signal.aborted; await pause(EVERY_MS)) {
    const pending = await pool
      .query<{ uid: string }>(`select uid from flotilla.approvals where status = 'pending' limit 20`)
      .catch(() => null) // The record is away.
    for (const { uid } of pending?.rows ?? []) {
      const decision = DECISIONS[randomInt(DECISIONS.length)] ?? 'skip'
      const decided = { decision, result: decision === 'happened' ? 'done' : null, comment: null, by: 'chaos' }
      await decideApproval({ db, hints, wake }, { workspaceId: WORKSPACE, approvalId: uid, decision: decided }).catch(
        () => {}, // It is asked again.
      )
    }
  }
}
