import type { AgentStats } from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'

export type StatsFilter = Readonly<{
  workspaceId: number
  taskType: string | null
  role: string | null
  agentId: string | null
  /** The last one of the page before. */
  after: Pick<AgentStats, 'taskType' | 'role' | 'agentId' | 'model'> | null
  limit: number
}>

export type StatsPage = Readonly<{ items: AgentStats[]; more: boolean }>

/** What agents did, by task type, role, agent and model; means over finished attempts. */
export async function listAgentStats(tx: Tx, filter: StatsFilter): Promise<StatsPage> {
  const { after } = filter
  const { rows } = await sql<AgentStats>`
    select s.task_type as "taskType", s.role, a.uid as "agentId", s.model, s.runs, s.successes,
      s.score_sum / nullif(s.scored, 0) as "meanScore", s.latency_sum_ms / nullif(s.runs, 0) as "meanLatencyMs",
      s.tokens_sum / nullif(s.runs, 0) as "meanTokens", s.cost_sum / nullif(s.runs, 0) as "meanCostUsd"
    from flotilla.agent_stats s
      cross join lateral (select uid from flotilla.agents where workspace_id = s.workspace_id and id = s.agent_id offset 0) a
    where s.workspace_id = ${filter.workspaceId}
      and (${filter.taskType}::text is null or s.task_type = ${filter.taskType})
      and (${filter.role}::text is null or s.role = ${filter.role})
      and (${filter.agentId}::text is null or a.uid = ${filter.agentId})
      and (${after === null} or (s.task_type, s.role, a.uid, s.model) > (${after?.taskType ?? ''}, ${after?.role ?? ''}, ${after?.agentId ?? ''}, ${after?.model ?? ''}))
    order by s.task_type, s.role, a.uid, s.model limit ${filter.limit + 1}`.execute(tx)
  return { items: rows.slice(0, filter.limit), more: rows.length > filter.limit }
}
