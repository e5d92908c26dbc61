import type { Failure, Quality, RunResult } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Db } from '../connect.ts'

export type FinishInput = Readonly<{
  runId: number
  fence: number
  status: 'completed' | 'failed'
  result: RunResult | null
  quality: Quality | null
  report: Readonly<{ json: object; markdown: string }>
  error: (Failure & { taskKey?: string }) | null
  simulated: boolean
}>

/** The run's end: its result, quality and report, with its last event. False: the fence is lost or it has ended already. */
export async function finishRun(db: Db, input: FinishInput): Promise<boolean> {
  const { runId, fence, status, result, quality, report, error, simulated } = input
  const event = { quality: quality?.score ?? null, ...(error && { error: { ...error } }) }
  const { rows } = await sql<{ ok: boolean }>`
    select flotilla.finish_run(${runId}, ${fence}, ${status}, ${json({ result, quality, report, error, simulated })}::jsonb,
      ${json(event)}::jsonb) as ok`.execute(db)
  return rows[0]?.ok ?? false
}
