import { accepted, rejected, type Agent, type AgentInput, type Rejection, type Result } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Tx } from '../connect.ts'
import { agentInputOf, agentView } from './reads.ts'
import { keepVersion } from './versions.ts'

const columnsOf = (input: AgentInput) => ({
  name: input.name,
  role: input.role,
  description: input.description,
  capabilities: json(input.capabilities),
  model: input.model,
  system_prompt: input.systemPrompt,
  tools: json(input.tools),
  max_turns: input.maxTurns,
  max_output_tokens: input.maxOutputTokens,
  model_settings: json(input.modelSettings ?? {}),
  enabled: input.enabled,
})

const nameTaken = (name: string): Rejection =>
  rejected(
    'conflict',
    `an agent named "${name}" exists already; names are unique: choose another one, or change that agent`,
  )

/** A user's agent; a conflict when its name is taken. */
export async function createAgent(
  tx: Tx,
  input: Readonly<{ workspaceId: number; uid: string; agent: AgentInput }>,
): Promise<Result<Agent>> {
  const row = await tx
    .insertInto('agents')
    .values({ workspace_id: input.workspaceId, uid: input.uid, origin: 'user', ...columnsOf(input.agent) })
    .onConflict((conflict) => conflict.columns(['workspace_id', 'name']).where('deleted_at', 'is', null).doNothing())
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? nameTaken(input.agent.name) : accepted(agentView(row))
}

/** Fields that are left out, or undefined, stay as they are. */
export type AgentChange = { readonly [Field in keyof AgentInput]?: AgentInput[Field] | undefined }

/**
 * Changes what `change` names; the version grows by one, unless nothing differs. Null: the workspace has no such agent. The
 * other writers of a name wait for this row or meet the unique index, so the check of the name stands before the write.
 */
export async function updateAgent(tx: Tx, uid: string, change: AgentChange): Promise<Result<Agent> | null> {
  const row = await tx
    .selectFrom('agents')
    .selectAll()
    .where('uid', '=', uid)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) return null
  const before = agentInputOf(row)
  const named = Object.entries(change).filter(([, value]) => value !== undefined)
  const after: AgentInput = { ...before, ...Object.fromEntries(named) }
  if (json(before) === json(after)) return accepted(agentView(row))
  if (after.name !== before.name && (await nameExists(tx, row.workspace_id, after.name))) return nameTaken(after.name)
  await keepVersion(tx, row)
  const updated = await tx
    .updateTable('agents')
    .set((eb) => ({ ...columnsOf(after), version: eb('version', '+', 1), updated_at: sql<Date>`clock_timestamp()` }))
    .where('workspace_id', '=', row.workspace_id)
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return accepted(agentView(updated))
}

async function nameExists(tx: Tx, workspaceId: number, name: string): Promise<boolean> {
  const row = await tx
    .selectFrom('agents')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('name', '=', name)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** Takes an agent out of use; what it did keeps its name. False: the workspace has no such agent. */
export async function deleteAgent(tx: Tx, uid: string): Promise<boolean> {
  const deleted = await tx
    .updateTable('agents')
    .set({ deleted_at: sql<Date>`clock_timestamp()`, updated_at: sql<Date>`clock_timestamp()` })
    .where('uid', '=', uid)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return deleted.numUpdatedRows === 1n
}
