import { sql } from 'kysely'
import { json, transact, type Db } from '../connect.ts'

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

/** Adds a finished run's scores to the statistics, once: the run is marked in the same transaction. False: it was already. */
export function learnFromRun(
  db: Db,
  input: Readonly<{ runId: number; workspaceId: number; deltas: readonly StatsDelta[] }>,
): Promise<boolean> {
  return transact(db, async (tx) => {
    const marked = await tx
      .updateTable('runs')
      .set({ learned: true })
      .where('id', '=', input.runId)
      .where('live', '=', false)
      .where('learned', '=', false)
      .executeTakeFirst()
    if (marked.numUpdatedRows === 0n) return false
    await sql`
      insert into flotilla.agent_stats as s (workspace_id, task_type, role, agent_id, model, runs, successes, scored, score_sum, latency_sum_ms, tokens_sum, cost_sum)
      select ${input.workspaceId}::bigint, d."taskType", d.role, a.id, d.model, d.runs, d.successes, d.scored, d."scoreSum", d."latencyMsSum", d."tokensSum", d."costUsdSum"
      from jsonb_to_recordset(${json(input.deltas)}::jsonb) d("taskType" text, role text, "agentId" text, model text, runs int, successes int,
        scored int, "scoreSum" float8, "latencyMsSum" float8, "tokensSum" float8, "costUsdSum" float8)
        join flotilla.agents a on a.workspace_id = ${input.workspaceId} and a.uid = d."agentId"
      order by 1, 2, 3, 4, 5
      on conflict (workspace_id, task_type, role, agent_id, model) do update set
        runs = s.runs + excluded.runs, successes = s.successes + excluded.successes, scored = s.scored + excluded.scored,
        score_sum = s.score_sum + excluded.score_sum, latency_sum_ms = s.latency_sum_ms + excluded.latency_sum_ms,
        tokens_sum = s.tokens_sum + excluded.tokens_sum, cost_sum = s.cost_sum + excluded.cost_sum, updated_at = clock_timestamp()`.execute(
      tx,
    )
    return true
  })
}

/** Ended runs that nobody has learned from, oldest first. */
export async function readUnlearned(db: Db, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('runs')
    .select('id')
    .where('live', '=', false)
    .where('learned', '=', false)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}
