import { inWorkspace, listAgentStats } from '@flotilla/db'
import { AGENT_ID, PAGE_DEFAULT, RoleSchema } from '@flotilla/domain'
import { Hono } from 'hono'
import * as v from 'valibot'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { operation } from '../openapi.ts'
import { LimitSchema, cursorOf, cursorSchema, plainText, query } from '../query.ts'
import { AgentStatsPageSchema } from '../schemas.ts'

const AGENTS = operation({
  id: 'listAgentStats',
  tag: 'statistics',
  summary: 'What agents did, by task type, role, agent and model',
  answers: { 200: { description: 'A page', json: AgentStatsPageSchema } },
  refusals: ['invalid_input'],
})

const StatsQuerySchema = v.strictObject({
  taskType: v.optional(v.pipe(plainText('expected a task type'), v.maxLength(60))),
  role: v.optional(RoleSchema),
  agentId: v.optional(v.pipe(v.string(), v.regex(AGENT_ID, "expected an agent's id"))),
  limit: LimitSchema,
  cursor: v.optional(
    cursorSchema(v.object({ taskType: v.string(), role: v.string(), agentId: v.string(), model: v.string() })),
  ),
})

/** What the learner knows. */
export const statsRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/agents', AGENTS, query(StatsQuerySchema), async (c) => {
    const { taskType = null, role = null, agentId = null, limit = PAGE_DEFAULT, cursor = null } = c.req.valid('query')
    const filter = { workspaceId: workspaceOf(c), taskType, role, agentId, after: cursor, limit }
    const { items, more } = await inWorkspace(deps.db, filter.workspaceId, (tx) => listAgentStats(tx, filter))
    const last = items.at(-1)
    const place = last && { taskType: last.taskType, role: last.role, agentId: last.agentId, model: last.model }
    return c.json({ items, nextCursor: more ? cursorOf(place) : null }, 200)
  })
