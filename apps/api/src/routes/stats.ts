import { inWorkspace, listAgentStats, readRunStats } from '@flotilla/db'
import {
  AGENT_ID,
  PAGE_DEFAULT,
  RUN_GROUPS,
  RoleSchema,
  RunStatsSchema,
  rejected,
  type RunGroup,
} from '@flotilla/domain'
import { Hono } from 'hono'
import * as v from 'valibot'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { LimitSchema, TimeSchema, cursorOf, cursorSchema, one, plainText, query } from '../query.ts'
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

const RUNS = operation({
  id: 'listRunStats',
  tag: 'statistics',
  summary: 'How many runs there were, how they ended, how long they took and what they cost',
  description: `by: ${RUN_GROUPS.join(', ')} (the default: day, in UTC) or label:KEY. from (inclusive) and to (exclusive): when runs were created; without them the last 30 days. quality: how many runs scored in each tenth from 0 to 1.`,
  answers: { 200: { description: 'The counts', json: RunStatsSchema } },
  refusals: ['invalid_input'],
})

const RunStatsQuerySchema = v.strictObject({
  from: v.optional(TimeSchema),
  to: v.optional(TimeSchema),
  by: v.optional(
    v.pipe(
      one,
      v.regex(
        new RegExp(`^(?:${RUN_GROUPS.join('|')}|label:[\\w.-]{1,63})$`),
        `expected ${RUN_GROUPS.join(', ')} or label:KEY, such as label:team`,
      ),
      v.transform((text) => text as RunGroup),
    ),
  ),
  limit: LimitSchema,
})

const DEFAULT_SPAN_MS = 30 * 86_400_000

/** What the learner knows, and how runs went. */
export const statsRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/agents', AGENTS, query(StatsQuerySchema), async (c) => {
      const { taskType = null, role = null, agentId = null, limit = PAGE_DEFAULT, cursor = null } = c.req.valid('query')
      const filter = { workspaceId: workspaceOf(c), taskType, role, agentId, after: cursor, limit }
      const { items, more } = await inWorkspace(deps.db, filter.workspaceId, (tx) => listAgentStats(tx, filter))
      const last = items.at(-1)
      const place = last && { taskType: last.taskType, role: last.role, agentId: last.agentId, model: last.model }
      return c.json({ items, nextCursor: more ? cursorOf(place) : null }, 200)
    })
    .get('/runs', RUNS, query(RunStatsQuerySchema), async (c) => {
      const given = c.req.valid('query')
      const to = given.to ?? deps.clock.now()
      const from = given.from ?? new Date(to.getTime() - DEFAULT_SPAN_MS)
      if (from >= to) {
        const message = `expected a time after "from" (${from.toISOString()}), found ${to.toISOString()}`
        return refuse(c, rejected('invalid_input', message, [{ path: '/to', message }]))
      }
      const filter = {
        workspaceId: workspaceOf(c),
        from,
        to,
        by: given.by ?? 'day',
        limit: given.limit ?? PAGE_DEFAULT,
      }
      return c.json(await inWorkspace(deps.db, filter.workspaceId, (tx) => readRunStats(tx, filter)), 200)
    })
