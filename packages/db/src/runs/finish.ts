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

/** An end as the record takes it. */
export type WrittenEnd = Readonly<{ runId: number; fence: number; json: string }>

/** Reports are long: those of many runs, written at once, would keep the event loop from everything else. */
export const writeEnd = ({
  runId,
  fence,
  status,
  result,
  quality,
  report,
  error,
  simulated,
}: FinishInput): WrittenEnd => ({
  runId,
  fence,
  json: json({
    run: runId,
    fence,
    status,
    spec: { result, quality, report, error, simulated },
    event: { quality: quality?.score ?? null, ...(error && { error: { ...error } }) },
  }),
})

/** The run's end: its result, quality and report, with its last event. False: the fence is lost or it has ended already. */
export async function finishRun(db: Db, input: FinishInput): Promise<boolean> {
  return (await finishRuns(db, [writeEnd(input)]))[0] ?? false
}

/** As `finishRun`, of many runs in one commit. */
export async function finishRuns(db: Db, ends: readonly WrittenEnd[]): Promise<boolean[]> {
  const { rows } = await sql<{ done: [run: number, fence: number][] | null }>`
    select flotilla.finish_runs(${`[${ends.map((end) => end.json).join(',')}]`}::jsonb) as done`.execute(db)
  const done = new Map(rows[0]?.done)
  return ends.map(({ runId, fence }) => done.get(runId) === fence)
}
