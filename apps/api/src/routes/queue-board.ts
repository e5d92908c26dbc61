import { createBullBoard } from '@bull-board/api'
import { HonoAdapter } from '@bull-board/hono'
import { rejected } from '@flotilla/domain'
import type { BoardReader } from '@flotilla/queue'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { hostnameOf, isLoopbackAddress, isLoopbackName } from '../browser-guard.ts'
import type { AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'

export const BOARD_PATH = '/admin/queues'

const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/** Until there is login, the board is for whoever sits at the machine: a proxy on it would pass everybody on as local. */
export function comesFromThisMachine(c: Context<AppEnv>): boolean {
  const address = (c.env as Partial<AppEnv['Bindings']> | undefined)?.incoming?.socket.remoteAddress ?? ''
  if (!isLoopbackAddress(address)) return false
  if (PROXY_HEADERS.some((name) => c.req.header(name) !== undefined)) return false
  return isLoopbackName(hostnameOf(c.req.header('host') ?? ''))
}

const loopbackOnly: MiddlewareHandler<AppEnv> = async (c, next) =>
  comesFromThisMachine(c)
    ? next()
    : refuse(
        c,
        rejected('forbidden', `${BOARD_PATH} is open only to this machine, by a loopback address and without a proxy`),
      )

/** It shows; what it could change is the record's to decide. */
const readOnly: MiddlewareHandler<AppEnv> = async (c, next) =>
  c.req.method === 'GET' || c.req.method === 'HEAD'
    ? next()
    : refuse(c, rejected('method_not_allowed', `${BOARD_PATH} is read-only`), { headers: { allow: 'GET, HEAD' } })

const REFRESH_MS = 2_000

/** Bull Board over the queues there are; roles come and go, so their readers are asked for again while somebody looks. */
export function queueBoardRoutes(readers: () => Promise<readonly BoardReader[]>, now: () => number): Hono<AppEnv> {
  const adapter = new HonoAdapter(serveStatic)
  adapter.setBasePath(BOARD_PATH)
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Flotilla queues', hideRedisDetails: true } },
  })
  let refreshedAt = -Infinity
  const refresh: MiddlewareHandler<AppEnv> = async (_c, next) => {
    if (now() - refreshedAt >= REFRESH_MS) {
      refreshedAt = now()
      board.setQueues([...(await readers())])
    }
    return next()
  }
  return new Hono<AppEnv>().use(loopbackOnly, readOnly, refresh).route('/', adapter.registerPlugin())
}
