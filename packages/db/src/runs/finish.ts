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
  return (await finishRuns(db, [input]))[0] ?? false
}

/** As `finishRun`, of many runs in one commit. */
export async function finishRuns(db: Db, inputs: readonly FinishInput[]): Promise<boolean[]> {
  const { rows } = await sql<{ done: [run: number, fence: number][] | null }>`
    select flotilla.finish_runs(${json(inputs.map(rowOf))}::jsonb) as done`.execute(db)
  const done = new Map(rows[0]?.done)
  return inputs.map(({ runId, fence }) => done.get(runId) === fence)
}

const rowOf = ({ runId, fence, status, result, quality, report, error, simulated }: FinishInput): object => ({
  run: runId,
  fence,
  status,
  spec: { result, quality, report, error, simulated },
  event: { quality: quality?.score ?? null, ...(error && { error: { ...error } }) },
})
