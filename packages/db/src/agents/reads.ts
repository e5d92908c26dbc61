import type { Agent, AgentDefinition } from '@flotilla/domain'
import type { Selectable } from 'kysely'
import type { Tx } from '../connect.ts'
import type { AgentTable } from '../schema.ts'

export const agentInputOf = (row: Selectable<AgentTable>): AgentDefinition => ({
  name: row.name,
  role: row.role,
  description: row.description,
  capabilities: row.capabilities,
  model: row.model,
  systemPrompt: row.system_prompt,
  tools: row.tools,
  maxTurns: row.max_turns,
  maxOutputTokens: row.max_output_tokens,
  modelSettings: row.model_settings,
  enabled: row.enabled,
})

/** For statements that are to stay prepared across a migration. */
export const AGENT_COLUMNS = [
  'id',
  'workspace_id',
  'uid',
  'version',
  'origin',
  'name',
  'role',
  'description',
  'capabilities',
  'model',
  'system_prompt',
  'tools',
  'max_turns',
  'max_output_tokens',
  'model_settings',
  'enabled',
  'created_at',
  'updated_at',
  'deleted_at',
] as const

export const agentView = (row: Selectable<AgentTable>): Agent => ({
  id: row.uid,
  version: row.version,
  origin: row.origin,
  ...agentInputOf(row),
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

export type AgentFilter = Readonly<{ workspaceId: number; role: string | null; after: number; limit: number }>
export type AgentPage = Readonly<{ items: Agent[]; next: number | null }>

/** Oldest first. */
export async function listAgents(tx: Tx, filter: AgentFilter): Promise<AgentPage> {
  let query = tx
    .selectFrom('agents')
    .selectAll()
    .where('workspace_id', '=', filter.workspaceId)
    .where('deleted_at', 'is', null)
    .where('id', '>', filter.after)
  if (filter.role !== null) query = query.where('role', '=', filter.role)
  const rows = await query
    .orderBy('id')
    .limit(filter.limit + 1)
    .execute()
  const page = rows.slice(0, filter.limit)
  return { items: page.map(agentView), next: rows.length > filter.limit ? (page.at(-1)?.id ?? null) : null }
}

/** One agent; null when the workspace has none of this id, or it was deleted. */
export async function readAgent(tx: Tx, uid: string): Promise<Agent | null> {
  const row = await tx
    .selectFrom('agents')
    .selectAll()
    .where('uid', '=', uid)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return row === undefined ? null : agentView(row)
}

/** The models that agents of a workspace are given by name. */
export async function readAgentModels(tx: Tx, workspaceId: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('agents')
    .select('model')
    .distinct()
    .where('workspace_id', '=', workspaceId)
    .where('deleted_at', 'is', null)
    .where('model', 'is not', null)
    .orderBy('model')
    .limit(200)
    .execute()
  return rows.flatMap(({ model }) => (model === null ? [] : [model]))
}
