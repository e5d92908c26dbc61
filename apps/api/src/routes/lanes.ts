import { inWorkspace, readLanes, readRunsWithoutKey, readWaitingTasks } from '@flotilla/db'
import { LanesSchema, type Lanes } from '@flotilla/domain'
import { Hono } from 'hono'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { laneView } from '../lane-view.ts'
import { operation } from '../openapi.ts'

const LANES = operation({
  id: 'listLanes',
  tag: 'models',
  summary: 'What each provider, model and key lets pass now, and what waits for it',
  description:
    'state: closed (nothing passes until closedUntil, and why), opening (at a part of its pace for some seconds), open. waiting: why tasks of the workspace rest, open circuits of workers included. refusedKeys: runs that are paused since a provider refused its key.',
  answers: { 200: { description: 'The lanes that were ever used', json: LanesSchema } },
})

/** The rate gate's lanes. */
export const laneRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/', LANES, async (c) => {
    const workspaceId = workspaceOf(c)
    const found = await inWorkspace(deps.db, workspaceId, async (tx) => ({
      lanes: await readLanes(tx),
      waiting: await readWaitingTasks(tx, workspaceId),
      refusedKeys: await readRunsWithoutKey(tx, workspaceId),
    }))
    const lanes: Lanes = {
      items: found.lanes.map((lane) => laneView(lane, found.waiting, deps.models.limitsOf)),
      waiting: found.waiting.map(({ until, ...rest }) => ({ ...rest, until: until.toISOString() })),
      refusedKeys: found.refusedKeys,
    }
    return c.json(lanes, 200)
  })
