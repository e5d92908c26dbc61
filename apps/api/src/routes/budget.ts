import { inWorkspace, readWorkspaceBudget } from '@flotilla/db'
import { SetWorkspaceBudgetSchema, WorkspaceBudgetSchema } from '@flotilla/domain'
import { Hono, type Context } from 'hono'
import { jsonBody } from '../body.ts'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { BODY_REFUSALS, operation } from '../openapi.ts'
import { WorkspaceBudgetSetSchema } from '../schemas.ts'
import { changeWorkspaceBudget } from '../workspace-budget.ts'

const SHOW = operation({
  id: 'getBudget',
  tag: 'budget',
  summary: "Show the limits of the workspace's calendar month (UTC), with what is spent and held of them",
  description:
    'Every model and tool call is held on it beside the budgets of its run and task; analyses without a run are held on it alone, and are made by rules where it has no room.',
  answers: { 200: { description: 'The budget of this month', json: WorkspaceBudgetSchema } },
})
const ON_SET =
  'Holds from now on, for this month and those after it. A limit below what is spent and held lets nothing more begin; what is under way is paid, and notice tells of it. Runs that rest since the month was used up go on where a limit is raised, and redo nothing: resumed names them, resting says how many do not, and what the first of them needs.'
const REPLACE = operation({
  id: 'replaceBudget',
  tag: 'budget',
  summary: "Set all limits of the workspace's month; what is left out has none",
  description: ON_SET,
  answers: { 200: { description: 'The budget of this month', json: WorkspaceBudgetSetSchema } },
  refusals: [...BODY_REFUSALS],
})
const CHANGE = operation({
  id: 'changeBudget',
  tag: 'budget',
  summary: "Set some limits of the workspace's month; what is left out stays, null takes one away",
  description: ON_SET,
  answers: { 200: { description: 'The budget of this month', json: WorkspaceBudgetSetSchema } },
  refusals: [...BODY_REFUSALS],
})

/** What a workspace may spend in a calendar month. */
export const budgetRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/', SHOW, async (c) => {
      const workspaceId = workspaceOf(c)
      return c.json(await inWorkspace(deps.db, workspaceId, (tx) => readWorkspaceBudget(tx, workspaceId)), 200)
    })
    .put('/', REPLACE, jsonBody(SetWorkspaceBudgetSchema), (c) => set(deps, c, c.req.valid('json').limits, false))
    .patch('/', CHANGE, jsonBody(SetWorkspaceBudgetSchema), (c) => set(deps, c, c.req.valid('json').limits, true))

async function set(
  deps: ApiDeps,
  c: Context<AppEnv>,
  limits: Parameters<typeof changeWorkspaceBudget>[1]['limits'],
  keep: boolean,
) {
  const result = await changeWorkspaceBudget(deps, { workspaceId: workspaceOf(c), limits, keep })
  return c.json(result, 200)
}
