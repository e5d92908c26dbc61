import { inWorkspace, listAgentStats, readErrorStats, readRunStats } from '@flotilla/db'
import {
  AGENT_ID,
  ErrorStatsSchema,
  PAGE_DEFAULT,
  RUN_GROUPS,
  RoleSchema,
  RunStatsSchema,
  type RunGroup,
} from '@flotilla/domain'
import { Hono } from 'hono'
import * as v from 'valibot'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import {
  LimitSchema,
  TimeSchema,
  TOP_DEFAULT,
  TopSchema,
  cursorOf,
  cursorSchema,
  one,
  plainText,
  query,
} from '../query.ts'
import { NARROWING_ENTRIES, NARROWING_TEXT, narrowingOf } from '../run-list-query.ts'
import { AgentStatsPageSchema } from '../schemas.ts'
import { refusedSpan } from '../time-span.ts'

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

const GROUPS = `${RUN_GROUPS.join(', ')} or label:KEY`
const TIMES = 'from (inclusive) and to (exclusive): when runs were created; without them the last 30 days.'

const RUNS = operation({
  id: 'listRunStats',
  tag: 'statistics',
  summary: 'How many runs there were, how they ended, how long they took and what they cost',
  description: `by: ${GROUPS} (the default: day, in UTC); a run counts for each agent that has a task of it and each model that it called, with what their calls have cost. split: one of the same but day; series are then by day, of the top (default 5) that have most runs, and of all others together, at most 366 days. ${NARROWING_TEXT} ${TIMES} quality: how many runs scored in each tenth from 0 to 1.`,
  answers: { 200: { description: 'The counts', json: RunStatsSchema } },
  refusals: ['invalid_input'],
})

const ERRORS = operation({
  id: 'listErrorStats',
  tag: 'statistics',
  summary: 'What failed in runs: which part of the system, which tool, model or agent, with which error',
  description: `Attempts of tasks and tool calls that failed, also where another one went well, and runs that failed with what none of their attempts did; by day (in UTC) when their runs were created, at most 366 of them. ${NARROWING_TEXT} ${TIMES}`,
  answers: { 200: { description: 'The counts', json: ErrorStatsSchema } },
  refusals: ['invalid_input'],
})

const group = <T extends string>(groups: readonly string[]) =>
  v.pipe(
    one,
    v.regex(
      new RegExp(`^(?:${groups.join('|')}|label:[\\w.-]{1,63})$`),
      (issue) => `expected ${groups.join(', ')} or label:KEY, such as label:team; found "${issue.input.slice(0, 80)}"`,
    ),
    v.transform((text) => text as T),
  )

const TIME_ENTRIES = { from: v.optional(TimeSchema), to: v.optional(TimeSchema) }

const RunStatsQuerySchema = v.strictObject({
  ...TIME_ENTRIES,
  ...NARROWING_ENTRIES,
  by: v.optional(group<RunGroup>(RUN_GROUPS)),
  split: v.optional(group<Exclude<RunGroup, 'day'>>(RUN_GROUPS.filter((name) => name !== 'day'))),
  top: TopSchema,
  limit: LimitSchema,
})
const ErrorStatsQuerySchema = v.strictObject({ ...TIME_ENTRIES, ...NARROWING_ENTRIES, limit: LimitSchema })

const DEFAULT_SPAN_MS = 30 * 86_400_000

/** The last 30 days, as far as nothing else is asked for. */
function spanOf(given: Readonly<{ from?: Date | undefined; to?: Date | undefined }>, now: Date) {
  const to = given.to ?? now
  return { from: given.from ?? new Date(to.getTime() - DEFAULT_SPAN_MS), to }
}

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
      const { by = 'day', split, top = TOP_DEFAULT, limit = PAGE_DEFAULT } = given
      const span = spanOf(given, deps.clock.now())
      const refused = refusedSpan(span, split !== undefined)
      if (refused !== null) return refuse(c, refused)
      const workspaceId = workspaceOf(c)
      const what = { by, limit, split: split === undefined ? null : { by: split, top } }
      const filter = { workspaceId, ...span, which: narrowingOf(given), ...what }
      return c.json(await inWorkspace(deps.db, workspaceId, (tx) => readRunStats(tx, filter)), 200)
    })
    .get('/errors', ERRORS, query(ErrorStatsQuerySchema), async (c) => {
      const given = c.req.valid('query')
      const span = spanOf(given, deps.clock.now())
      const refused = refusedSpan(span, true)
      if (refused !== null) return refuse(c, refused)
      const workspaceId = workspaceOf(c)
      const filter = { workspaceId, ...span, which: narrowingOf(given), limit: given.limit ?? PAGE_DEFAULT }
      return c.json(await inWorkspace(deps.db, workspaceId, (tx) => readErrorStats(tx, filter)), 200)
    })
