import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { RunsPage } from './runs/runs-page.tsx'
import { readRunFilter } from './runs/filter.ts'
import { AppShell } from './shell/app-shell.tsx'
import { Broken, NotFound } from './shell/lost.tsx'

const root = createRootRoute({ component: AppShell })

/** The first page is part of the first bundle; the others come when they are gone to, or pointed at. */
const run = createRoute({ getParentRoute: () => root, path: "/runs/$runId", component: () => null })
const runs = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: readRunFilter,
  component: RunsPage,
})

export const router = createRouter({
  routeTree: root.addChildren([runs, run]),
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
