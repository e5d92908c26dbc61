import { Hono } from 'hono'
import type { ApiDeps, AppEnv } from '../context.ts'

/** What Prometheus scrapes. */
export const metricsRoutes = ({ metrics }: Pick<ApiDeps, 'metrics'>) =>
  new Hono<AppEnv>().get('/', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }))
