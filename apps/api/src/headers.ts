import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { AppEnv } from './context.ts'
import { isAppPath } from './web/app-path.ts'

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

/** Pages of our own origin: no inline script, nothing from elsewhere. Their interfaces set styles on elements. */
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

/** The web app shows what models and strangers wrote, so it has no way to run or to fetch anything but its own. */
const APP = withPolicy({
  defaultSrc: NONE,
  baseUri: NONE,
  connectSrc: SELF,
  formAction: NONE,
  frameAncestors: NONE,
  imgSrc: [...SELF, 'data:'],
  scriptSrc: SELF,
  styleSrc: SELF,
})

export const safeHeaders: MiddlewareHandler<AppEnv> = (c, next) => {
  if (isAppPath(c.req.path)) return APP(c, next)
  return /^\/(?:docs|admin\/queues)(?:\/|$)/.test(c.req.path) ? PAGE(c, next) : DATA(c, next)
}
