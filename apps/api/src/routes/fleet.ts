import { FleetSchema } from '@flotilla/domain'
import { Hono } from 'hono'
import type { ApiDeps, AppEnv } from '../context.ts'
import { fleetView } from '../fleet-view.ts'
import { operation } from '../openapi.ts'

const FLEET = operation({
  id: 'getFleet',
  tag: 'system',
  summary: 'What there is to do in the whole fleet, and who does it, of all workspaces',
  description:
    'pools: work in progress, ready and due, and what waits, by what for; oldestSeconds is how long what has waited longest was claimable, a few seconds old at most; done is what came to an outcome in each of the last 15 minutes, the running one last, and donePerMinute that of the last five. workers: every process, idle or not; each tells of itself every 15 s, is silent after 45 s and forgotten after five minutes. reconciler: who does the chores of the fleet, and what they came to in the last 15 minutes.',
  answers: { 200: { description: 'The fleet now', json: FleetSchema } },
})

/** For whoever operates the fleet. */
export const fleetRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/', FLEET, async (c) => {
    const [backlogs, figures, atWork, workers] = await Promise.all([
      deps.fleet.backlogs(),
      deps.fleet.figures(),
      deps.fleet.atWork(),
      deps.fleet.workers(),
    ])
    return c.json(fleetView({ backlogs, figures, atWork, workers }, deps.clock.now().getTime()), 200)
  })
