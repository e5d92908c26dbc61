import { patchRun } from '@flotilla/engine'
import type pg from 'pg'
import type { ControlsDeps } from '../faults/controls.ts'
import { pause } from '../pause.ts'
import { toppedUp } from './chaos-budget.ts'

const EVERY_MS = 300
const WORKSPACE = 1

type Rest = Readonly<{ uid: string; tokens: number | null; costUsd: number | null }>

/** Runs that their budget has paused, with its limits. */
const RESTING = `
  select r.uid, b.tokens_limit::float8 as tokens, b.cost_usd_limit::float8 as "costUsd"
  from flotilla.runs r join flotilla.budgets b on b.run_id = r.id and b.level = 'run'
  where r.status = 'paused' and 'budget' = (
    select e.data ->> 'by' from flotilla.events e where e.run_id = r.id and e.type = 'run.paused' order by e.seq desc limit 1)
  limit 20`

/** A person who tops up whatever rests for its budget, as `PATCH /v1/runs/{id}` does. Ends with the signal; `onTopUp` counts. */
export async function topUpAll(
  { db, hints, producer }: ControlsDeps,
  pool: pg.Pool,
  onTopUp: () => void,
  signal: AbortSignal,
): Promise<void> {
  const wake = {
    plan: (runId: number, priority: number) => producer.wakePlan(runId, priority),
    finish: (runId: number, priority: number) => producer.wakeFinish(runId, priority),
    tasks: (tasks: Parameters<typeof producer.wakeTasks>[0]) => producer.wakeTasks(tasks),
  }
  for (; !signal.aborted; await pause(EVERY_MS)) {
    const resting = await pool.query<Rest>(RESTING).catch(() => null) // The record is away.
    for (const { uid, tokens, costUsd } of resting?.rows ?? []) {
      const limits = { ...(tokens !== null && { tokens }), ...(costUsd !== null && { costUsd }) }
      const ref = { workspaceId: WORKSPACE, runId: uid }
      const patched = await patchRun({ db, hints, wake }, ref, { budget: toppedUp(limits) }).catch(() => null) // It is asked again.
      if (patched?.ok) onTopUp()
    }
  }
}
