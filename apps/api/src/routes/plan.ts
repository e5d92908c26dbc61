import { readPlan } from '@flotilla/db'
import {
  PlanSchema,
  PlanViewSchema,
  accepted,
  formatPlanText,
  parsePlanText,
  rejected,
  type PlanView,
  type Result,
} from '@flotilla/domain'
import { replacePlan } from '@flotilla/engine'
import { resolver } from 'hono-openapi'
import { Hono, type Context } from 'hono'
import * as v from 'valibot'
import { jsonOrTextBody } from '../body.ts'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { ownToolNames } from '../known-tools.ts'
import { BODY_REFUSALS, operation } from '../openapi.ts'
import { VersionSchema, query } from '../query.ts'
import { inRun } from '../run-scope.ts'

const SHOW = operation({
  id: 'getPlan',
  tag: 'plans',
  summary: "Show a run's plan",
  description: 'format=text answers the form "Task N: @role - … (depends on Task M)". version: an earlier one.',
  answers: { 200: { description: 'The plan', json: PlanViewSchema, media: ['text/plain'] } },
  refusals: ['not_found', 'invalid_input'],
})
const REPLACE = operation({
  id: 'replacePlan',
  tag: 'plans',
  summary: 'Give a run another plan before its start',
  description: 'As JSON, or as plain text in the form of format=text. Bodies up to 32 MiB.',
  answers: { 200: { description: 'The plan as it is now', json: PlanViewSchema } },
  refusals: [...BODY_REFUSALS, 'unsupported', 'not_found', 'conflict'],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: resolver(PlanSchema) }, 'text/plain': { schema: { type: 'string' } } },
  },
})

const PlanQuerySchema = v.strictObject({
  format: v.optional(v.picklist(['json', 'text'], 'expected "json" or "text"'), 'json'),
  version: v.optional(VersionSchema),
})

/** A run's plan and its versions. */
export const planRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/:id/plan', SHOW, query(PlanQuerySchema), async (c) => {
      const { format, version } = c.req.valid('query')
      const plan = await planOf(deps, c, version)
      if (!plan.ok) return refuse(c, plan)
      return format === 'text' ? c.text(formatPlanText(plan.value), 200) : c.json(plan.value, 200)
    })
    .put('/:id/plan', REPLACE, jsonOrTextBody(PlanSchema, parsePlanText), async (c) => {
      const ref = { workspaceId: workspaceOf(c), runId: c.req.param('id') }
      const replaced = await replacePlan(
        { ...deps, tools: ownToolNames(deps.tools) },
        { ...ref, plan: c.req.valid('json') },
      )
      if (!replaced.ok) return refuse(c, replaced)
      const plan = await planOf(deps, c, replaced.value.planVersion)
      return plan.ok ? c.json(plan.value, 200) : refuse(c, plan)
    })

const planOf = (deps: ApiDeps, c: Context<AppEnv, '/:id'>, version: number | undefined): Promise<Result<PlanView>> =>
  inRun(deps, c, async (tx, run) => {
    const plan = await readPlan(tx, run.id, version ?? run.planVersion)
    if (plan !== null) return accepted(plan)
    if (version === undefined) return rejected('not_found', `run "${run.uid}" has no plan yet: it is ${run.status}`)
    return rejected('not_found', `run "${run.uid}" has no plan version ${version}; the newest is ${run.planVersion}`)
  })
