import { inWorkspace, readAgentModels, readLanes, readRunsWithoutKey, readWaitingTasks } from '@flotilla/db'
import { LanesSchema, type Lanes } from '@flotilla/domain'
import { Hono } from 'hono'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { lanesView } from '../lane-view.ts'
import { modelUses } from '../model-view.ts'
import { operation } from '../openapi.ts'

const LANES = operation({
  id: 'listLanes',
  tag: 'models',
  summary: 'What each provider, model and key lets pass now, and what waits for it',
  description:
    'state: closed (nothing passes until closedUntil, and why), opening (at a part of its pace for some seconds), circuit_open (it did not answer, and tasks wait until closedUntil before they ask it again), open. A lane that no model in use goes by is left out after a day; earlierKey tells that its key is no longer set. waiting: why tasks of the workspace rest, open circuits of workers included. refusedKeys: runs that are paused since a provider refused its key.',
  answers: { 200: { description: 'The lanes in use, or used within a day', json: LanesSchema } },
})

/** The rate gate's lanes. */
export const laneRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/', LANES, async (c) => {
    const workspaceId = workspaceOf(c)
    const found = await inWorkspace(deps.db, workspaceId, async (tx) => ({
      lanes: await readLanes(tx),
      waiting: await readWaitingTasks(tx, workspaceId),
      refusedKeys: await readRunsWithoutKey(tx, workspaceId),
      agentModels: await readAgentModels(tx, workspaceId),
    }))
    const lanes: Lanes = {
      items: lanesView({
        rows: found.lanes,
        waiting: found.waiting,
        models: deps.models.models,
        inUse: modelUses({ ...deps.models, agentModels: found.agentModels }).keys(),
        configOf: deps.models.limitsOf,
        now: deps.clock.now().getTime(),
      }),
      waiting: found.waiting.map(({ circuit: _shown, until, ...rest }) => ({ ...rest, until: until.toISOString() })),
      refusedKeys: found.refusedKeys,
    }
    return c.json(lanes, 200)
  })
