import { rejected } from '@flotilla/domain'
import { Hono } from 'hono'
import type { ApiDeps, AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { readDependencies } from '@flotilla/runtime'
import { recordChecks } from '../readiness.ts'
import { HealthSchema, ReadinessSchema } from '../schemas.ts'

const LIVE = operation({
  id: 'getHealth',
  tag: 'system',
  summary: 'Whether the process lives',
  answers: { 200: { description: 'It does', json: HealthSchema } },
})
const READY = operation({
  id: 'getReadiness',
  tag: 'system',
  summary: "Whether requests can be served, with each dependency's state",
  description: 'The 503 problem holds the same "dependencies".',
  answers: { 200: { description: 'All dependencies are up', json: ReadinessSchema } },
})

export const healthRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .get('/healthz', LIVE, (c) => c.json({ status: 'ok' as const }, 200))
    .get('/readyz', READY, async (c) => {
      const dependencies = await readDependencies({ ...recordChecks(deps.db), ...deps.checks })
      const down = Object.entries(dependencies).filter(([, state]) => state.status === 'down')
      if (down.length === 0) return c.json({ status: 'ready' as const, dependencies }, 200)
      const detail = `not ready: ${down.map(([name, state]) => `${name} (${state.reason ?? 'down'})`).join(', ')}`
      return refuse(c, rejected('unavailable', detail), { members: { dependencies } })
    })
