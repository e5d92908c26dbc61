import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { VERSION } from '../version.ts'

/** Where to go from the address that the server tells. */
export const indexRoutes = () =>
  new Hono<AppEnv>().get('/', (c) =>
    c.json({
      name: 'flotilla',
      version: VERSION,
      docs: '/docs',
      openapi: '/openapi.json',
      runs: '/v1/runs',
      ready: '/readyz',
    }),
  )
