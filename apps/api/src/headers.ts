import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { AppEnv } from './context.ts'

const NONE = ["'none'"]
const SELF = ["'self'"]

const withPolicy = (contentSecurityPolicy: NonNullable<Parameters<typeof secureHeaders>[0]>['contentSecurityPolicy']) =>
  secureHeaders({
    // TLS is a proxy's to promise.
    strictTransportSecurity: false,
    xFrameOptions: 'DENY',
    ...(contentSecurityPolicy === undefined ? {} : { contentSecurityPolicy }),
  })

/** Nothing of an answer is ever run: artifacts and reports are the work of models. */
const DATA = withPolicy({ defaultSrc: NONE, frameAncestors: NONE, sandbox: [] })

/** Pages of our own origin: no inline script, nothing from elsewhere. Both user interfaces set styles on elements. */
const PAGE = withPolicy({
  defaultSrc: NONE,
  baseUri: SELF,
  connectSrc: SELF,
  fontSrc: [...SELF, 'data:'],
  formAction: NONE,
  frameAncestors: NONE,
  imgSrc: [...SELF, 'data:'],
  scriptSrc: SELF,
  styleSrc: [...SELF, "'unsafe-inline'"],
})

export const safeHeaders: MiddlewareHandler<AppEnv> = (c, next) =>
  /^\/(?:docs|admin\/queues)(?:\/|$)/.test(c.req.path) ? PAGE(c, next) : DATA(c, next)
