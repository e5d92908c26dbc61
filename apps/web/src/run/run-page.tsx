import { Link, getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { part } from '../shell/part.ts'
import { useNow } from '../state/clock.ts'
import { isTerminalRun } from '@flotilla/domain'
import { Controls } from './controls.tsx'
import { RunHeader } from './run-header.tsx'
import { useRun, type LiveRun } from './use-run.ts'
import { defaultView, type RunView } from './view.ts'
import { ViewLinks } from './view-links.tsx'

const route = getRouteApi('/runs/$runId')

const GraphView = lazy(part(() => import('./graph-view.tsx')))
const TaskTable = lazy(part(() => import('./task-table.tsx')))
const Timeline = lazy(part(() => import('./timeline.tsx')))
const Board = lazy(part(() => import('./board.tsx')))
const EventLog = lazy(part(() => import('./event-log.tsx')))
const Result = lazy(part(() => import('./result.tsx')))
const Documents = lazy(part(() => import('./documents.tsx')))
const Explain = lazy(part(() => import('./explain.tsx')))
const Cost = lazy(part(() => import('./cost.tsx')))
const PlanView = lazy(part(() => import('./plan-view.tsx')))

/** What every view of a run is given; `now` moves only while the run does. */
export type RunViewProps = Readonly<{ live: LiveRun; now: number }>

/** A run while it goes on, and after. */
export default function RunPage() {
  const { runId } = route.useParams()
  const { view } = route.useSearch()
  const { live, error } = useRun(runId)
  const now = useNow(live === null || isTerminalRun(live.run.status) ? null : 1_000)
  if (live === null)
    return (
      <Page title="Run">
        {error === null ? (
          <Loading what="the run" />
        ) : (
          <>
            <Problem error={error} what={`Run ${runId} cannot be shown.`} />
            <p>
              <Link to="/" className="text-accent underline">
                All runs
              </Link>
            </p>
          </>
        )}
      </Page>
    )
  return (
    <Page title={titleOf(live.run.goal)} actions={<Controls run={live.run} tasks={live.tasks} />}>
      {live.run.goal.length > TITLE_CHARS && (
        <details>
          <summary className="text-muted">The whole goal</summary>
          <p className="panel mt-1 max-h-80 overflow-y-auto px-3 py-2 whitespace-pre-wrap [overflow-wrap:anywhere]">
            {live.run.goal}
          </p>
        </details>
      )}
      <RunHeader live={live} now={now} />
      <ViewLinks run={live.run} />
      <Suspense fallback={<Loading what="this view" />}>
        <View view={view ?? defaultView(live.run)} live={live} now={now} />
      </Suspense>
    </Page>
  )
}

const TITLE_CHARS = 160
const titleOf = (goal: string): string => (goal.length > TITLE_CHARS ? `${goal.slice(0, TITLE_CHARS)}…` : goal)

function View({ view, ...props }: RunViewProps & Readonly<{ view: RunView }>) {
  switch (view) {
    case 'graph':
      return <GraphView {...props} />
    case 'tasks':
      return <TaskTable {...props} />
    case 'timeline':
      return <Timeline {...props} />
    case 'board':
      return <Board {...props} />
    case 'events':
      return <EventLog {...props} />
    case 'result':
      return <Result {...props} />
    case 'documents':
      return <Documents {...props} />
    case 'explain':
      return <Explain {...props} />
    case 'cost':
      return <Cost {...props} />
    case 'plan':
      return <PlanView {...props} />
  }
}
