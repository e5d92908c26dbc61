import type { AttemptKind, EventType, RunStatus, StoredTaskStatus } from '@flotilla/domain'
import type pg from 'pg'
import type { TaskCounters } from '../tasks/step.ts'

export type TaskState = TaskCounters &
  Readonly<{
    idx: number
    status: StoredTaskStatus
    worker: string | null
    tokens: number
    toolCalls: number
    costUsd: number
    /** Milliseconds from now, rounded up to 5 s: a slow machine reads the same. */
    dueWithinMs: number | null
    notBeforeWithinMs: number | null
    started: boolean
    finished: boolean
  }>

export async function readTasks(pool: pg.Pool, runId: number): Promise<TaskState[]> {
  const { rows } = await pool.query<TaskState>(
    `select idx, status, fence, attempt, kind, tries, recoveries, revisions, continuations, worker, tokens, tool_calls as "toolCalls", cost_usd as "costUsd",
       (ceil(extract(epoch from due - clock_timestamp()) / 5) * 5000)::float8 as "dueWithinMs",
       (ceil(extract(epoch from not_before - clock_timestamp()) / 5) * 5000)::float8 as "notBeforeWithinMs",
       started_at is not null as started, finished_at is not null as finished
     from flotilla.tasks where run_id = $1 order by idx`,
    [runId],
  )
  return rows
}

export async function readTask(pool: pg.Pool, runId: number, idx: number): Promise<TaskState> {
  const task = (await readTasks(pool, runId))[idx]
  if (task === undefined) throw new Error(`run ${runId} has no task ${idx}`)
  return task
}

export const statuses = async (pool: pg.Pool, runId: number): Promise<StoredTaskStatus[]> =>
  (await readTasks(pool, runId)).map((task) => task.status)

export type RunState = Readonly<{
  status: RunStatus
  live: boolean
  seq: number
  fence: number
  holder: string | null
  tries: number
  total: number
  todo: number
  completed: number
  failed: number
  skipped: number
  inputTokens: number
  outputTokens: number
  modelCalls: number
  toolCalls: number
  costUsd: number
  /** As for tasks. */
  dueWithinMs: number | null
}>

export async function readRun(pool: pg.Pool, runId: number): Promise<RunState> {
  const { rows } = await pool.query<RunState>(
    `select status, live, seq, fence, holder, tries, total, todo, completed, failed, skipped, input_tokens as "inputTokens",
       output_tokens as "outputTokens", model_calls as "modelCalls", tool_calls as "toolCalls", cost_usd as "costUsd",
       (ceil(extract(epoch from due - clock_timestamp()) / 5) * 5000)::float8 as "dueWithinMs"
     from flotilla.runs where id = $1`,
    [runId],
  )
  const run = rows[0]
  if (run === undefined) throw new Error(`there is no run ${runId}`)
  return run
}

export type LoggedEvent = Readonly<{ seq: number; type: EventType; idx: number | null; data: Record<string, unknown> }>

export async function readLog(pool: pg.Pool, runId: number): Promise<LoggedEvent[]> {
  const { rows } = await pool.query<LoggedEvent>(
    'select seq, type, idx, data from flotilla.events where run_id = $1 order by seq',
    [runId],
  )
  return rows
}

export type AttemptState = Readonly<{
  idx: number
  number: number
  kind: AttemptKind
  status: string
  worker: string
  error: { code: string; message: string } | null
}>

export async function readAttempts(pool: pg.Pool, runId: number): Promise<AttemptState[]> {
  const { rows } = await pool.query<AttemptState>(
    'select idx, number, kind, status, worker, error from flotilla.attempts where run_id = $1 order by idx, number',
    [runId],
  )
  return rows
}

/** Every column of a run's tasks: for "nothing has changed". */
export async function rawTasks(pool: pg.Pool, runId: number): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query<{ task: Record<string, unknown> }>(
    'select to_jsonb(t) as task from flotilla.tasks t where run_id = $1 order by idx',
    [runId],
  )
  return rows.map((row) => row.task)
}
