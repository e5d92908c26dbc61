import type { AgentInput } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, type Db } from '../connect.ts'

export type SeedAgent = AgentInput & Readonly<{ uid: string; origin: 'builtin' | 'drafted' }>

/** Adds agents whose name is free in the workspace; a user's agent of the same name stays as it is. Answers the new roles. */
export async function addMissingAgents(db: Db, workspaceId: number, agents: readonly SeedAgent[]): Promise<string[]> {
  if (agents.length === 0) return []
  const { rows } = await sql<{ role: string }>`
    insert into flotilla.agents (workspace_id, uid, origin, name, role, description, capabilities, model, system_prompt, tools, max_turns, max_output_tokens, enabled)
    select ${workspaceId}, a.uid, a.origin, a.name, a.role, a.description, a.capabilities, a.model, a."systemPrompt", a.tools, a."maxTurns", a."maxOutputTokens", a.enabled
    from jsonb_to_recordset(${json(agents)}::jsonb) a(uid text, origin text, name text, role text, description text, capabilities jsonb,
      model text, "systemPrompt" text, tools jsonb, "maxTurns" int, "maxOutputTokens" int, enabled boolean)
    on conflict (workspace_id, name) where deleted_at is null do nothing
    returning role`.execute(db)
  return [...new Set(rows.map((row) => row.role))]
}

/** Every role that some agent of any workspace has: what workers serve. */
export async function readRoles(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('agents').select('role').distinct().where('deleted_at', 'is', null).execute()
  return rows.map((row) => row.role).toSorted()
}

export type RoleLimit = Readonly<{ role: string; max: number }>

/** The fleet-wide limits become exactly these; running counts of roles that stay are kept. Rows are taken in the order of roles, as a step takes them. */
export async function replaceRoleLimits(db: Db, limits: readonly RoleLimit[]): Promise<void> {
  const sorted = limits.toSorted((a, b) => (a.role < b.role ? -1 : 1))
  const roles = sorted.map((l) => l.role)
  await db.transaction().execute(async (tx) => {
    await sql`select from flotilla.pools order by role for update`.execute(tx)
    await sql`delete from flotilla.pools where role <> all (${roles}::text[])`.execute(tx)
    await sql`
      insert into flotilla.pools (role, max_running, running)
      select l.role, l.max, (select count(*) from flotilla.tasks t join flotilla.runs r on r.id = t.run_id and r.live where t.role = l.role and t.status = 'in_progress')
      from unnest(${roles}::text[], ${sorted.map((l) => l.max)}::int[]) l(role, max)
      on conflict (role) do update set max_running = excluded.max_running`.execute(tx)
  })
}
