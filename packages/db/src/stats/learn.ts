import { sql } from 'kysely'
import { json, type Db } from '../connect.ts'

export type StatsDelta = Readonly<{
  taskType: string
  role: string
  /** The agent's outside id. */
  agentId: string
  model: string
  runs: number
  successes: number
  scored: number
  scoreSum: number
  latencyMsSum: number
  tokensSum: number
  costUsdSum: number
}>

/** A task that an agent has worked on to an end of its own. */
export type LearnedTask = Readonly<{
  runId: number
  taskType: string
  role: string
  agentId: string
  /** Who answered last, which need not be who was chosen. */
  model: string
  succeeded: boolean
  score: number | null
  latencyMs: number
  tokens: number
  costUsd: number
}>

/** What finished runs say of their agents. A task that failed for its budget says nothing of the agent. */
export async function readLearnedTasks(db: Db, runIds: readonly number[]): Promise<LearnedTask[]> {
  const { rows } = await sql<LearnedTask>`
    select t.run_id as "runId", s.type as "taskType", t.role, a.uid as "agentId",
      coalesce((select u.model from flotilla.turns u where u.run_id = t.run_id and u.idx = t.idx order by u.attempt desc, u.turn desc limit 1),
        s.model, '') as model,
      t.status = 'completed' as succeeded,
      (select v.score from flotilla.verdicts v where v.run_id = t.run_id and v.idx = t.idx order by v.attempt desc limit 1) as score,
      coalesce(extract(epoch from t.finished_at - t.started_at) * 1000, 0)::float8 as "latencyMs", t.tokens, t.cost_usd as "costUsd"
    from (select k.run_id from unnest(${runIds}::bigint[]) k(run_id) limit ${runIds.length}) k
      cross join lateral (
        select run_id, idx, workspace_id, role, status, attempt, started_at, finished_at, tokens, cost_usd from flotilla.tasks
        where run_id = k.run_id and attempt > 0 and status in ('completed', 'failed') offset 0) t
      cross join lateral (select type, model, agent_id from flotilla.task_specs where run_id = t.run_id and idx = t.idx offset 0) s
      cross join lateral (select uid from flotilla.agents where workspace_id = t.workspace_id and id = s.agent_id offset 0) a
    where t.status = 'completed' or (
      select f.error ->> 'code' from flotilla.attempts f where f.run_id = t.run_id and f.idx = t.idx and f.number = t.attempt)
      is distinct from 'budget_exceeded'`.execute(db)
  return rows
}

/** Adds finished runs' scores to the statistics, each once: a run is marked in the same transaction. */
export async function learnFromRuns(
  db: Db,
  runIds: readonly number[],
  deltas: readonly (StatsDelta & Readonly<{ runId: number }>)[],
): Promise<void> {
  await sql`select flotilla.learn_runs(${runIds}::bigint[], ${json(deltas)}::jsonb)`.execute(db)
}

/** Ended runs that nobody has learned from, oldest first. */
export async function readUnlearned(db: Db, limit: number): Promise<number[]> {
  // In words, not parameters: only then the one plan for all values can use the index of just these.
  const { rows } = await sql<{ id: number }>`
    select id from flotilla.runs where not live and not learned order by id limit ${limit}`.execute(db)
  return rows.map((row) => row.id)
}
