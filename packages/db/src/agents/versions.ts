import type { AgentVersion } from '@flotilla/domain'
import type { Selectable } from 'kysely'
import { json, type Tx } from '../connect.ts'
import type { AgentTable } from '../schema.ts'
import { agentInputOf } from './reads.ts'

/** What an agent is, before it is changed; its row is locked, so a version is kept once. */
export async function keepVersion(tx: Tx, row: Selectable<AgentTable>): Promise<void> {
  await tx
    .insertInto('agent_versions')
    .values({
      workspace_id: row.workspace_id,
      agent_id: row.id,
      version: row.version,
      definition: json(agentInputOf(row)),
      since: row.updated_at,
    })
    .execute()
}

export type VersionPage = Readonly<{ items: AgentVersion[]; next: number | null }>

/**
 * The newest first, which is what the agent is now. `before` null: from the newest on. Versions that were changed by code that did
 * not keep them are missing. Null: the workspace has no such agent, or it was deleted.
 */
export async function listAgentVersions(
  tx: Tx,
  input: Readonly<{ uid: string; before: number | null; limit: number }>,
): Promise<VersionPage | null> {
  const agent = await tx
    .selectFrom('agents')
    .selectAll()
    .where('uid', '=', input.uid)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (agent === undefined) return null
  const before = input.before ?? agent.version + 1
  const now = { version: agent.version, since: agent.updated_at.toISOString(), definition: agentInputOf(agent) }
  const rows = await tx
    .selectFrom('agent_versions')
    .select(['version', 'since', 'definition'])
    .where('workspace_id', '=', agent.workspace_id)
    .where('agent_id', '=', agent.id)
    .where('version', '<', Math.min(before, agent.version))
    .orderBy('version', 'desc')
    .limit(input.limit + 1)
    .execute()
  const kept = rows.map((row) => ({ ...row, since: row.since.toISOString() }))
  const all = agent.version < before ? [now, ...kept] : kept
  const items = all.slice(0, input.limit)
  return { items, next: all.length > input.limit ? (items.at(-1)?.version ?? null) : null }
}
