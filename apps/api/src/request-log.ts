import type { Log } from '@flotilla/runtime'
import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './context.ts'

/** One line a request; a stream's is written when it begins. */
export const logRequests =
  (log: Log): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const startedAt = performance.now()
    await next()
    const ms = Math.round(performance.now() - startedAt)
    log.debug(
      { requestId: c.get('requestId'), method: c.req.method, path: c.req.path, status: c.res.status, ms },
      'request',
    )
  }
