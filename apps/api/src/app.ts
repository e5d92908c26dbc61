import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { limitBody } from './body.ts'
import { browserGuard } from './browser-guard.ts'
import type { ApiDeps, AppEnv } from './context.ts'
import { createErrorHandler } from './errors.ts'
import { safeHeaders } from './headers.ts'
import { measureRequests } from './metrics/measure-requests.ts'
import { createNotFoundHandler } from './not-found.ts'
import { openApiRoutes } from './openapi-document.ts'
import { logRequests } from './request-log.ts'
import { agentRoutes } from './routes/agents.ts'
import { analysisRoutes } from './routes/analyses.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { artifactRoutes } from './routes/artifacts.ts'
import { budgetRoutes } from './routes/budget.ts'
import { costRoutes } from './routes/costs.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { documentRoutes } from './routes/documents.ts'
import { docsRoutes } from './routes/docs.ts'
import { eventRoutes } from './routes/events.ts'
import { fleetRoutes } from './routes/fleet.ts'
import { healthRoutes } from './routes/health.ts'
import { indexRoutes } from './routes/index-page.ts'
import { laneRoutes } from './routes/lanes.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { modelRoutes } from './routes/models.ts'
import { planRoutes } from './routes/plan.ts'
import { BOARD_PATH, queueBoardRoutes } from './routes/queue-board.ts'
import { reportRoutes } from './routes/report.ts'
import { runControlRoutes } from './routes/run-controls.ts'
import { runRoutes } from './routes/runs.ts'
import { scalingRoutes } from './routes/scaling.ts'
import { statsRoutes } from './routes/stats.ts'
import { taskRoutes } from './routes/tasks.ts'
import { toolRoutes } from './routes/tools.ts'
import { webAppRoutes } from './routes/web-app.ts'
import type { AppFiles } from './web/app-files.ts'

/** Everything that OpenAPI describes, chained so that its types flow to clients. */
export const createRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>()
    .route('/', healthRoutes(deps))
    .route('/internal/scaling', scalingRoutes(deps))
    .route('/internal/fleet', fleetRoutes(deps))
    .route('/v1/runs', runRoutes(deps))
    .route('/v1/runs', runControlRoutes(deps))
    .route('/v1/runs', planRoutes(deps))
    .route('/v1/runs', taskRoutes(deps))
    .route('/v1/runs', eventRoutes(deps))
    .route('/v1/runs', reportRoutes(deps))
    .route('/v1/runs', artifactRoutes(deps))
    .route('/v1/runs', documentRoutes(deps))
    .route('/v1/analyses', analysisRoutes(deps))
    .route('/v1/agents', agentRoutes(deps))
    .route('/v1/approvals', approvalRoutes(deps))
    .route('/v1/dead-letters', deadLetterRoutes(deps))
    .route('/v1/stats', statsRoutes(deps))
    .route('/v1/budget', budgetRoutes(deps))
    .route('/v1/costs', costRoutes(deps))
    .route('/v1/models', modelRoutes(deps))
    .route('/v1/lanes', laneRoutes(deps))
    .route('/v1/tools', toolRoutes(deps))

export type ApiType = ReturnType<typeof createRoutes>

export type AppSettings = Readonly<{
  /** Whether only this machine reaches the server: it then answers to loopback names only. */
  boundToLoopback: boolean
  /** The built web app. */
  webApp: AppFiles
}>

/** The whole HTTP surface. */
export function createApp(deps: ApiDeps, settings: AppSettings): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.use(
    requestId(),
    safeHeaders,
    logRequests(deps.log),
    measureRequests(deps.metrics.onRequest),
    browserGuard(settings.boundToLoopback),
    limitBody,
  )
  const routes = createRoutes(deps)
  app.route('/', routes)
  app.route('/', openApiRoutes(routes))
  app.route('/', indexRoutes(settings.webApp))
  app.route('/', webAppRoutes(settings.webApp))
  app.route('/docs', docsRoutes())
  app.route('/metrics', metricsRoutes(deps))
  if (deps.board)
    app.route(
      BOARD_PATH,
      queueBoardRoutes(deps.board, () => deps.clock.now().getTime()),
    )
  app.onError(createErrorHandler(deps.log))
  app.notFound(createNotFoundHandler(app.routes, settings.webApp))
  return app
}
