import type { Agent, AgentStats, BudgetLimits, CrossingPolicy, JsonObject, Mode, PlanTask } from '@flotilla/domain'
import { sql } from 'kysely'
import { AGENT_COLUMNS, agentView } from '../agents/reads.ts'
import type { Db } from '../connect.ts'
import type { DocumentFacts } from '../knowledge/documents.ts'

/** What planning starts from. */
export type PlanningRecord = Readonly<{
  goal: string
  inputs: JsonObject
  mode: Mode
  budget: BudgetLimits
  onExceeded: CrossingPolicy
  collectionId: number | null
  documents: readonly (DocumentFacts & Readonly<{ heading: string | null }>)[]
  plan: Readonly<{ version: number; madeBy: string; tasks: PlanTask[]; result: string | null }> | null
}>

export type AgentRow = Agent & Readonly<{ numericId: number }>

/** The workspace's agents that may be picked. */
export async function readSelectableAgents(db: Db, workspaceId: number): Promise<AgentRow[]> {
  const rows = await db
    .selectFrom('agents')
    .select(AGENT_COLUMNS)
    .where('workspace_id', '=', workspaceId)
    .where('deleted_at', 'is', null)
    .where('enabled', '=', true)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({ numericId: row.id, ...agentView(row) }))
}

/** Statistics of the workspace's agents, by their outside id. */
export async function readSelectionStats(db: Db, workspaceId: number): Promise<AgentStats[]> {
  const { rows } = await sql<AgentStats>`
    select s.task_type as "taskType", s.role, a.uid as "agentId", s.model, s.runs, s.successes,
      s.score_sum / nullif(s.scored, 0) as "meanScore", s.latency_sum_ms / nullif(s.runs, 0) as "meanLatencyMs",
      s.tokens_sum / nullif(s.runs, 0) as "meanTokens", s.cost_sum / nullif(s.runs, 0) as "meanCostUsd"
    from flotilla.agent_stats s
      cross join lateral (select uid from flotilla.agents where workspace_id = s.workspace_id and id = s.agent_id offset 0) a
    where s.workspace_id = ${workspaceId}`.execute(db)
  return rows
}
