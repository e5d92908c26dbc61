import type { Dispatch, Failure, RunStatus, StoredTaskStatus } from '@flotilla/domain'
import type { Runs } from './run-fixture.ts'

export type RunState = Readonly<{
  status: RunStatus
  live: boolean
  fence: number
  tries: number
  holder: string | null
  putOff: boolean
  tokens: number
  modelCalls: number
  planVersion: number
  dispatch: Dispatch | null
  error: (Failure & { taskKey?: string }) | null
}>

export async function runState({ pool }: Runs, runId: number): Promise<RunState> {
  const { rows } = await pool.query<RunState>(
    `select r.status, r.live, r.fence, r.tries, r.holder, coalesce(r.due > clock_timestamp() + interval '4 s', false) as "putOff",
       r.input_tokens + r.output_tokens as tokens, r.model_calls as "modelCalls", r.plan_version as "planVersion", s.dispatch, s.error
     from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id where r.id = $1`,
    [runId],
  )
  return rows[0] as RunState
}

export type Told = Readonly<{ type: string; key: string | null; data: Record<string, unknown> }>

/** The run's log; fails where a number is missing. */
export async function told({ pool }: Runs, runId: number): Promise<Told[]> {
  const { rows } = await pool.query<Told & { seq: number }>(
    `select e.seq, e.type, s.key, e.data from flotilla.events e left join flotilla.task_specs s on s.run_id = e.run_id and s.idx = e.idx
     where e.run_id = $1 order by e.seq`,
    [runId],
  )
  rows.forEach(({ seq }, i) => {
    if (seq !== i + 1) throw new Error(`event ${i + 1} of run ${runId} is missing: found ${seq}`)
  })
  return rows.map(({ type, key, data }) => ({ type, key, data }))
}

export const types = async (runs: Runs, runId: number): Promise<string[]> =>
  (await told(runs, runId)).map((event) => event.type)

export type TaskState = Readonly<{
  key: string
  status: StoredTaskStatus
  deps: number[]
  attempt: number
  agent: string | null
  model: string | null
}>

export async function taskStates({ pool }: Runs, runId: number): Promise<TaskState[]> {
  const { rows } = await pool.query<TaskState>(
    `select s.key, t.status, t.deps, t.attempt, s.agent_name as agent, s.model
     from flotilla.tasks t join flotilla.task_specs s on s.run_id = t.run_id and s.idx = t.idx where t.run_id = $1 order by t.idx`,
    [runId],
  )
  return rows
}
