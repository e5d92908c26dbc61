import {
  createAgent,
  deleteAgent,
  inWorkspace,
  listAgentVersions,
  listAgents,
  once,
  readAgent,
  updateAgent,
  type AgentChange,
} from '@flotilla/db'
import {
  AGENT_ID,
  AgentInputSchema,
  AgentSchema,
  PAGE_DEFAULT,
  RoleSchema,
  rejected,
  sortableId,
  storable,
  type Rejection,
} from '@flotilla/domain'
import { Hono, type Context } from 'hono'
import * as v from 'valibot'
import { modelIssues } from '../agent-models.ts'
import { jsonBody } from '../body.ts'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { readIdempotencyKey } from '../idempotency-key.ts'
import { toolIssues } from '../known-tools.ts'
import { BODY_REFUSALS, IDEMPOTENCY_KEY, operation } from '../openapi.ts'
import { LimitSchema, NumberCursorSchema, cursorOf, query } from '../query.ts'
import { AgentPageSchema, AgentVersionPageSchema } from '../schemas.ts'

const CREATE = operation({
  id: 'createAgent',
  tag: 'agents',
  summary: 'Create an agent',
  answers: { 201: { description: 'The agent', json: AgentSchema, headers: { Location: 'Where the agent is read' } } },
  refusals: [...BODY_REFUSALS, 'conflict', 'idempotency_mismatch'],
  parameters: [IDEMPOTENCY_KEY],
})
const LIST = operation({
  id: 'listAgents',
  tag: 'agents',
  summary: 'List agents, oldest first',
  answers: { 200: { description: 'A page', json: AgentPageSchema } },
  refusals: ['invalid_input'],
})
const SHOW = operation({
  id: 'getAgent',
  tag: 'agents',
  summary: 'Show an agent',
  answers: { 200: { description: 'The agent', json: AgentSchema } },
  refusals: ['not_found'],
})
const REPLACE = operation({
  id: 'replaceAgent',
  tag: 'agents',
  summary: 'Set all fields of an agent; what is left out gets its default',
  answers: { 200: { description: 'The agent, a version later if anything differs', json: AgentSchema } },
  refusals: [...BODY_REFUSALS, 'not_found', 'conflict'],
})
const CHANGE = operation({
  id: 'changeAgent',
  tag: 'agents',
  summary: 'Set some fields of an agent',
  answers: { 200: { description: 'The agent, a version later if anything differs', json: AgentSchema } },
  refusals: [...BODY_REFUSALS, 'not_found', 'conflict'],
})
const DELETE = operation({
  id: 'deleteAgent',
  tag: 'agents',
  summary: 'Take an agent out of use; what it did stays',
  answers: { 204: { description: 'It gets no more tasks' } },
  refusals: ['not_found'],
})

const VERSIONS = operation({
  id: 'listAgentVersions',
  tag: 'agents',
  summary: 'What an agent is and was, newest first',
  description:
    'A version stands from since until the next one. To go back to one, PUT its definition: that makes a new version. Versions before migration 0007 were not kept.',
  answers: { 200: { description: 'A page', json: AgentVersionPageSchema } },
  refusals: ['not_found', 'invalid_input'],
})

const VersionsQuerySchema = v.strictObject({ limit: LimitSchema, cursor: v.optional(NumberCursorSchema) })
const ListQuerySchema = v.strictObject({
  role: v.optional(RoleSchema),
  limit: LimitSchema,
  cursor: v.optional(NumberCursorSchema),
})
const ChangeSchema = v.pipe(v.partial(AgentInputSchema.pipe[0]), storable(), v.metadata({ ref: 'AgentChange' }))

const agentNotFound = (id: string) => rejected('not_found', `there is no agent "${id}"`)

/** Agents: who does the work of which role, with which model and instructions. */
export const agentRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .post('/', CREATE, jsonBody(AgentInputSchema), async (c) => {
      const key = readIdempotencyKey(c)
      if (!key.ok) return refuse(c, key)
      const workspaceId = workspaceOf(c)
      const agent = c.req.valid('json')
      const refused = refuseAgent(deps, agent)
      if (refused) return refuse(c, refused)
      const uid = sortableId('agt', deps.clock.now().getTime(), deps.random(16))
      const operationKey =
        key.value === undefined
          ? null
          : { workspaceId, operation: 'POST /v1/agents', key: key.value, bodyHash: c.get('bodyHash') }
      const result = await inWorkspace(deps.db, workspaceId, (tx) =>
        once(tx, operationKey, () => createAgent(tx, { workspaceId, uid, agent })),
      )
      if (!result.ok) return refuse(c, result)
      deps.hints.publish({ roles: [result.value.role] })
      return c.json(result.value, 201, { location: `/v1/agents/${result.value.id}` })
    })
    .get('/', LIST, query(ListQuerySchema), async (c) => {
      const { role = null, limit = PAGE_DEFAULT, cursor = 0 } = c.req.valid('query')
      const filter = { workspaceId: workspaceOf(c), role, after: cursor, limit }
      const { items, next } = await inWorkspace(deps.db, filter.workspaceId, (tx) => listAgents(tx, filter))
      return c.json({ items, nextCursor: next === null ? null : cursorOf(next) }, 200)
    })
    .get('/:id', SHOW, async (c) => {
      const id = c.req.param('id')
      const agent = AGENT_ID.test(id) ? await inWorkspace(deps.db, workspaceOf(c), (tx) => readAgent(tx, id)) : null
      return agent === null ? refuse(c, agentNotFound(id)) : c.json(agent, 200)
    })
    .get('/:id/versions', VERSIONS, query(VersionsQuerySchema), async (c) => {
      const { limit = PAGE_DEFAULT, cursor = null } = c.req.valid('query')
      const uid = c.req.param('id')
      const page = AGENT_ID.test(uid)
        ? await inWorkspace(deps.db, workspaceOf(c), (tx) => listAgentVersions(tx, { uid, before: cursor, limit }))
        : null
      if (page === null) return refuse(c, agentNotFound(uid))
      return c.json({ items: page.items, nextCursor: page.next === null ? null : cursorOf(page.next) }, 200)
    })
    .put('/:id', REPLACE, jsonBody(AgentInputSchema), async (c) => change(deps, c, c.req.valid('json')))
    .patch('/:id', CHANGE, jsonBody(ChangeSchema), async (c) => change(deps, c, c.req.valid('json')))
    .delete('/:id', DELETE, async (c) => {
      const id = c.req.param('id')
      const gone = AGENT_ID.test(id) && (await inWorkspace(deps.db, workspaceOf(c), (tx) => deleteAgent(tx, id)))
      return gone ? c.body(null, 204) : refuse(c, agentNotFound(id))
    })

/** What a well-formed agent can still have wrong; null: nothing. */
function refuseAgent(deps: ApiDeps, fields: AgentChange): Rejection | null {
  const errors = [...modelIssues(deps.models, fields), ...toolIssues(deps.tools, fields.tools)]
  return errors.length === 0 ? null : rejected('invalid_input', errors.map(({ message }) => message).join('; '), errors)
}

async function change(deps: ApiDeps, c: Context<AppEnv, '/:id'>, fields: AgentChange) {
  const id = c.req.param('id')
  const refused = refuseAgent(deps, fields)
  if (refused) return refuse(c, refused)
  const result = AGENT_ID.test(id)
    ? await inWorkspace(deps.db, workspaceOf(c), (tx) => updateAgent(tx, id, fields))
    : null
  if (result === null) return refuse(c, agentNotFound(id))
  if (!result.ok) return refuse(c, result)
  deps.hints.publish({ roles: [result.value.role] })
  return c.json(result.value, 200)
}
