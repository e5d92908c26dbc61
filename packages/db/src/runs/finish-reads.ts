import type {
  Analysis,
  ArtifactView,
  BudgetLimits,
  Dispatch,
  Failure,
  Mode,
  Output,
  StoredTaskStatus,
  Usage,
  VerdictView,
} from '@flotilla/domain'
import { sql } from 'kysely'
import type { Db } from '../connect.ts'

/** A finished task as the run's end needs it. */
export type EndedTask = Readonly<{
  idx: number
  key: string
  title: string
  type: string
  role: string
  status: StoredTaskStatus
  deps: readonly number[]
  outs: readonly number[]
  attempt: number
  revisions: number
  agentId: string | null
  agentName: string | null
  model: string | null
  startedAt: Date | null
  finishedAt: Date | null
  tokens: number
  toolCalls: number
  costUsd: number
  output: Output | null
  error: Failure | null
  verdicts: readonly VerdictView[]
}>

export type EndedRun = Readonly<{
  uid: string
  workspaceId: number
  goal: string
  mode: Mode
  budget: BudgetLimits
  analysis: Analysis | null
  dispatch: Dispatch | null
  simulated: boolean
  resultKey: string | null
  createdAt: Date
  startedAt: Date | null
  usage: Usage
  tasks: readonly EndedTask[]
  artifacts: readonly ArtifactView[]
}>

/** Everything that finishing and learning read, in three queries whatever the number of tasks. */
export async function readEndedRun(db: Db, runId: number): Promise<EndedRun | null> {
  const { rows } = await sql<Omit<EndedRun, 'tasks' | 'artifacts'>>`
    select r.uid, r.workspace_id as "workspaceId", s.goal, s.mode, s.budget, s.analysis, s.dispatch, s.simulated, p.result as "resultKey",
      r.created_at as "createdAt", r.started_at as "startedAt",
      json_build_object('inputTokens', r.input_tokens, 'cachedInputTokens', r.cached_input_tokens, 'cacheWriteTokens', r.cache_write_tokens,
        'outputTokens', r.output_tokens, 'reasoningTokens', r.reasoning_tokens, 'toolCalls', r.tool_calls, 'modelCalls', r.model_calls,
        'costUsd', r.cost_usd) as usage
    from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id
      left join flotilla.plans p on p.run_id = r.id and p.version = r.plan_version
    where r.id = ${runId}`.execute(db)
  const run = rows[0]
  if (run === undefined) return null
  const [tasks, artifacts] = [await readEndedTasks(db, runId), await readArtifacts(db, runId)]
  return { ...run, tasks, artifacts }
}

async function readEndedTasks(db: Db, runId: number): Promise<EndedTask[]> {
  const { rows } = await sql<EndedTask>`
    select t.idx, s.key, s.title, s.type, t.role, t.status, t.deps, t.outs, t.attempt, t.revisions, g.uid as "agentId",
      s.agent_name as "agentName", s.model, t.started_at as "startedAt", t.finished_at as "finishedAt", t.tokens,
      t.tool_calls as "toolCalls", t.cost_usd as "costUsd", o.output, a.error,
      coalesce((select jsonb_agg(jsonb_build_object('attempt', v.attempt, 'decision', v.decision, 'score', v.score, 'findings', v.findings,
        'judgeModel', v.judge_model, 'at', v.at) order by v.attempt)
        from flotilla.verdicts v where v.run_id = t.run_id and v.idx = t.idx), '[]') as verdicts
    from flotilla.tasks t
      join flotilla.task_specs s on s.run_id = t.run_id and s.idx = t.idx
      left join flotilla.agents g on g.workspace_id = t.workspace_id and g.id = s.agent_id
      left join flotilla.outputs o on o.run_id = t.run_id and o.idx = t.idx and o.attempt = t.attempt
      left join flotilla.attempts a on a.run_id = t.run_id and a.idx = t.idx and a.number = t.attempt and t.status = 'failed'
    where t.run_id = ${runId} order by t.idx`.execute(db)
  return rows
}

async function readArtifacts(db: Db, runId: number): Promise<ArtifactView[]> {
  const rows = await db
    .selectFrom('artifacts as a')
    .leftJoin('task_specs as s', (join) => join.onRef('s.run_id', '=', 'a.run_id').onRef('s.idx', '=', 'a.idx'))
    .select(['a.name', 'a.media_type', 'a.size_bytes', 'a.sha256', 's.key', 'a.created_at'])
    .where('a.run_id', '=', runId)
    .orderBy('a.name')
    .execute()
  return rows.map((row) => ({
    name: row.name,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    taskKey: row.key,
    createdAt: row.created_at.toISOString(),
  }))
}
