import { FleetSchema } from '@flotilla/domain'
import { Hono } from 'hono'
import type { ApiDeps, AppEnv } from '../context.ts'
import { operation } from '../openapi.ts'

const FLEET = operation({
  id: 'getFleet',
  tag: 'system',
  summary: 'What there is to do in the whole fleet, and who does it, of all workspaces',
  description:
    'pools: work in progress, ready and due, and what waits, by what for; oldestSeconds is how long what has waited longest was claimable, a few seconds old at most. workers: those that have a task in hand.',
  answers: { 200: { description: 'The fleet now', json: FleetSchema } },
})

/** For whoever operates the fleet. */
export const fleetRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/', FLEET, async (c) => {
    const [backlogs, figures, workers] = await Promise.all([
      deps.fleet.backlogs(),
      deps.fleet.figures(),
      deps.fleet.workers(),
    ])
    const pools = [...backlogs].map(([pool, backlog]) => ({
      pool,
      ...backlog,
      waiting: { ...backlog.waiting },
      oldestSeconds: figures.oldest[pool] ?? null,
    }))
    return c.json({ runs: figures.runs, pools, workers: [...workers] }, 200)
  })
