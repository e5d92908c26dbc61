import { backlogOf, parsePool, rejected, scalingView, ScalingSchema } from '@flotilla/domain'
import { Hono } from 'hono'
import type { ApiDeps, AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'

const SCALING = operation({
  id: 'getScaling',
  tag: 'system',
  summary: 'What workers are wanted for, of all workspaces, for an autoscaler',
  description:
    'pool: agents (all roles together), agent:<role>, plan, verify, learn or maintain. value is what is in progress and what is ready and due. waiting counts for nothing in it: until a lane opens, a run is resumed, a time has come, or a fleet-wide limit of a role has room.',
  answers: { 200: { description: 'The pool now, a second old at most', json: ScalingSchema } },
  refusals: ['not_found'],
})

/** For the operator's autoscaler. */
export const scalingRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/:pool', SCALING, async (c) => {
    const name = c.req.param('pool')
    const pool = parsePool(name)
    if (pool === null)
      return refuse(
        c,
        rejected(
          'not_found',
          `there is no pool "${name}"; expected agents, agent:<role> (lower-case letters, digits and "-"), plan, verify, learn or maintain`,
        ),
      )
    return c.json(scalingView(pool, backlogOf(await deps.fleet.backlogs(), pool)), 200)
  })
