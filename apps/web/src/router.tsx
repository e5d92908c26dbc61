import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { readAnalytics } from './analytics/search.ts'
import { readApprovals } from './approvals/search.ts'
import { RunsPage } from './runs/runs-page.tsx'
import { readDocumentSearch } from './documents/passage.ts'
import { readRunFilter } from './runs/filter.ts'
import { readRunView } from './run/view.ts'
import { AppShell } from './shell/app-shell.tsx'
import { Broken, NotFound } from './shell/lost.tsx'
import { part } from './shell/part.ts'

/** What a reader leaves out of an address is out of it for the page, too: the router would hand it on as it was typed. */
const only =
  <T extends object>(read: (search: Readonly<Record<string, unknown>>) => T) =>
  (search: Readonly<Record<string, unknown>>): T => ({
    ...Object.fromEntries(Object.keys(search).map((key) => [key, undefined])),
    ...read(search),
  })

const root = createRootRoute({ component: AppShell })

/** The first page is part of the first bundle; the others come when they are gone to, or pointed at. */
const runs = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: only(readRunFilter),
  component: RunsPage,
})

const newRun = createRoute({
  getParentRoute: () => root,
  path: '/new',
  component: lazyRouteComponent(part(() => import('./new-run/new-run-page.tsx'))),
})

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId',
  validateSearch: only(readRunView),
  component: lazyRouteComponent(part(() => import('./run/run-page.tsx'))),
})

const task = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/tasks/$taskKey',
  component: lazyRouteComponent(part(() => import('./task/task-page.tsx'))),
})

const documents = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/documents',
  validateSearch: only(readDocumentSearch),
  component: lazyRouteComponent(part(() => import('./documents/document-page.tsx'))),
})

const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: only(readApprovals),
  component: lazyRouteComponent(part(() => import('./approvals/approvals-page.tsx'))),
})

const agents = createRoute({
  getParentRoute: () => root,
  path: '/agents',
  component: lazyRouteComponent(part(() => import('./agents/agents-page.tsx'))),
})

const agent = createRoute({
  getParentRoute: () => root,
  path: '/agents/$agentId',
  component: lazyRouteComponent(part(() => import('./agents/agent-page.tsx'))),
})

const analytics = createRoute({
  getParentRoute: () => root,
  path: '/analytics',
  validateSearch: only(readAnalytics),
  component: lazyRouteComponent(part(() => import('./analytics/analytics-page.tsx'))),
})

const fleet = createRoute({
  getParentRoute: () => root,
  path: '/fleet',
  component: lazyRouteComponent(part(() => import('./fleet/fleet-page.tsx'))),
})

export const router = createRouter({
  routeTree: root.addChildren([runs, newRun, run, task, documents, approvals, agents, agent, analytics, fleet]),
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Broken,
  scrollRestoration: true,
  scrollToTopSelectors: ['#content'],
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
