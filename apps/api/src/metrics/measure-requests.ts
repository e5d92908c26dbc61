import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { AppEnv } from '../context.ts'
import type { AnsweredRequest } from './api-metrics.ts'

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Measures each request under the route that it took, of which there are only so many; a stream's until it begins. */
export const measureRequests =
  (onRequest: (request: AnsweredRequest) => void): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const startedAt = performance.now()
    await next()
    // The innermost of all that match; where it is none but the ones of every request, no route is.
    const route = routePath(c, -1)
    onRequest({
      route: route === '/*' || route === '*' ? 'none' : route,
      method: METHODS.has(c.req.method) ? c.req.method : 'other',
      status: c.res.status,
      seconds: (performance.now() - startedAt) / 1_000,
    })
  }
