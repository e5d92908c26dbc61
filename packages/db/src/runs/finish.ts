import type { Failure, Quality, RunResult } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, transact, type Db } from '../connect.ts'
import { appendEvent } from '../events/append.ts'
import { lockClaimedRun } from './claims.ts'

export type FinishInput = Readonly<{
  runId: number
  workspaceId: number
  fence: number
  status: 'completed' | 'failed'
  result: RunResult | null
  quality: Quality | null
  report: Readonly<{ json: object; markdown: string }>
  error: (Failure & { taskKey?: string }) | null
  simulated: boolean
}>

/** The run's end: its result, quality and report, with its last event. False: the fence is lost or it has ended already. */
export function finishRun(db: Db, input: FinishInput): Promise<boolean> {
  return transact(db, async (tx) => {
    const run = await lockClaimedRun(tx, input)
    if (run?.status !== 'verifying') return false
    await tx
      .updateTable('run_specs')
      .set({
        result: input.result && json(input.result),
        quality: input.quality && json(input.quality),
        report: json(input.report),
        error: input.error && json(input.error),
        simulated: input.simulated,
      })
      .where('run_id', '=', input.runId)
      .execute()
    await appendEvent(tx, {
      runId: input.runId,
      workspaceId: input.workspaceId,
      type: input.status === 'completed' ? 'run.completed' : 'run.failed',
      data: { quality: input.quality?.score ?? null, ...(input.error ? { error: { ...input.error } } : {}) },
    })
    await tx
      .updateTable('runs')
      .set({ status: input.status, live: false, holder: null, due: null, finished_at: sql<Date>`clock_timestamp()` })
      .where('id', '=', input.runId)
      .execute()
    return true
  })
}
