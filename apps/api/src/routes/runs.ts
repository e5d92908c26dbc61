import { inWorkspace, listRuns, readRun, readRunCost, readRunHead, type RunFilter } from '@flotilla/db'
import {
  CreateRunSchema,
  PAGE_DEFAULT,
  PatchRunSchema,
  RUN_ID,
  RunCostSchema,
  RunSchema,
  checkEstimate,
  rejected,
} from '@flotilla/domain'
import { deleteRun, patchRun, runNotFound, submitRun } from '@flotilla/engine'
import { Hono } from 'hono'
import { jsonBody } from '../body.ts'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { readIdempotencyKey } from '../idempotency-key.ts'
import { ownToolNames } from '../known-tools.ts'
import { BODY_REFUSALS, IDEMPOTENCY_KEY, operation } from '../openapi.ts'
import { cursorOf, query } from '../query.ts'
import { NARROWING_TEXT, RunListQuerySchema, narrowingOf, type RunListQuery } from '../run-list-query.ts'
import { RunAcceptedSchema, RunPageSchema } from '../schemas.ts'

const CREATE = operation({
  id: 'createRun',
  tag: 'runs',
  summary: 'Create a run',
  description: 'Acknowledged once it is recorded; planning and execution follow. Bodies up to 32 MiB.',
  answers: {
    202: {
      description: 'The run is recorded',
      json: RunAcceptedSchema,
      headers: { Location: 'Where the run is read' },
    },
  },
  refusals: [...BODY_REFUSALS, 'unsupported', 'idempotency_mismatch'],
  parameters: [IDEMPOTENCY_KEY],
})
const LIST = operation({
  id: 'listRuns',
  tag: 'runs',
  summary: 'List runs, newest first',
  description: `${NARROWING_TEXT} agent, model: by name, that one of its tasks was given to or one of its calls asked. error: several, separated by commas, of the run, or of an attempt or a tool call in it. from (inclusive) and to (exclusive): times of creation. q: text that the goal has, whatever its case, or the beginning of the id.`,
  answers: { 200: { description: 'A page', json: RunPageSchema } },
  refusals: ['invalid_input', 'unsupported'],
})
const SHOW = operation({
  id: 'getRun',
  tag: 'runs',
  summary: 'Show a run',
  answers: { 200: { description: 'The run', json: RunSchema } },
  refusals: ['not_found'],
})
const PATCH = operation({
  id: 'patchRun',
  tag: 'runs',
  summary: 'Change budget, priority or labels of a run',
  description:
    'Limits that are left out stay, null takes one away; a limit below what is spent and held, or 0, lets nothing more begin: what is under way is paid, and budget.notice tells of it, and where what is left may not pay for another call. One above that and below the smallest call is refused. A run that its budget has paused goes on where its call fits now, and redoes nothing; another policy alone leaves it paused, and a resume then follows it. Seconds of a run that rests at its deadline have to be a minute more than it has spent.',
  answers: { 200: { description: 'The run', json: RunSchema } },
  refusals: [...BODY_REFUSALS, 'not_found', 'conflict'],
})
const COST = operation({
  id: 'getRunCost',
  tag: 'runs',
  summary: 'Show what the model calls of a run have cost',
  description:
    'Tokens and US dollars by kind: per task, agent, model and purpose, each call counted once. estimatedCalls and estimatedUsd: the part whose usage no provider has told; unknownCalls and unknownUsdAtMost: these and the calls that were lost or given up, and what all of them may have cost more. estimate: what its analysis expected beside what it has used.',
  answers: { 200: { description: 'The cost', json: RunCostSchema } },
  refusals: ['not_found'],
})
const DELETE = operation({
  id: 'deleteRun',
  tag: 'runs',
  summary: 'Delete a run that has ended',
  answers: { 204: { description: 'It is gone, with all that hung on it' } },
  refusals: ['not_found', 'conflict'],
})

/** Runs: create, list, show, delete. */
export const runRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .post('/', CREATE, jsonBody(CreateRunSchema), async (c) => {
      const key = readIdempotencyKey(c)
      if (!key.ok) return refuse(c, key)
      const result = await submitRun(
        { ...deps, tools: ownToolNames(deps.tools) },
        {
          workspaceId: workspaceOf(c),
          body: c.req.valid('json'),
          bodyHash: c.get('bodyHash'),
          idempotencyKey: key.value,
        },
      )
      return result.ok ? c.json(result.value, 202, { location: `/v1/runs/${result.value.id}` }) : refuse(c, result)
    })
    .get('/', LIST, query(RunListQuerySchema), async (c) => {
      const given = c.req.valid('query')
      if (given.workflow !== undefined) return refuse(c, NO_WORKFLOWS)
      const filter = filterOf(workspaceOf(c), given)
      const { items, next } = await inWorkspace(deps.db, filter.workspaceId, (tx) => listRuns(tx, filter))
      return c.json({ items, nextCursor: next === null ? null : cursorOf(next) }, 200)
    })
    .get('/:id', SHOW, async (c) => {
      const id = c.req.param('id')
      const run = RUN_ID.test(id) ? await inWorkspace(deps.db, workspaceOf(c), (tx) => readRun(tx, id)) : null
      return run === null ? refuse(c, runNotFound(id)) : c.json(run, 200)
    })
    .patch('/:id', PATCH, jsonBody(PatchRunSchema), async (c) => {
      const ref = { workspaceId: workspaceOf(c), runId: c.req.param('id') }
      const result = await patchRun(deps, ref, c.req.valid('json'))
      return result.ok ? c.json(result.value, 200) : refuse(c, result)
    })
    .get('/:id/cost', COST, async (c) => {
      const id = c.req.param('id')
      const cost = await inWorkspace(deps.db, workspaceOf(c), async (tx) => {
        const [head, run] = RUN_ID.test(id) ? [await readRunHead(tx, id), await readRun(tx, id)] : [null, null]
        if (head === null || run === null) return null
        return { ...(await readRunCost(tx, head.id)), estimate: checkEstimate(run.analysis, run.budget.spent) }
      })
      return cost === null ? refuse(c, runNotFound(id)) : c.json(cost, 200)
    })
    .delete('/:id', DELETE, async (c) => {
      const result = await deleteRun(deps, { workspaceId: workspaceOf(c), runId: c.req.param('id') })
      return result.ok ? c.body(null, 204) : refuse(c, result)
    })

const NO_WORKFLOWS = rejected('unsupported', 'this version has no stored workflows to list the runs of', [
  { path: '/workflow', message: 'stored workflows are not supported by this version; leave it out' },
])

const filterOf = (workspaceId: number, given: RunListQuery): RunFilter => ({
  workspaceId,
  which: { ...narrowingOf(given), agent: given.agent, model: given.model, errors: given.error },
  text: given.q ?? null,
  from: given.from ?? null,
  to: given.to ?? null,
  before: given.cursor ?? null,
  limit: given.limit ?? PAGE_DEFAULT,
})
