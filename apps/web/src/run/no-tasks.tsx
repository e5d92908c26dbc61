import { isTerminalRun, type RunView as Run } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { duration, plural } from '../format/quantities.ts'
import { Empty } from '../parts/notice.tsx'
import type { RunViewProps } from './run-page.tsx'
import type { RunView } from './view.ts'

/** In the place of any view of the tasks, while there are none: why, and where to look instead. */
export const NoTasks = ({ live, now }: RunViewProps) => (
  <Empty title={isTerminalRun(live.run.status) ? 'It ended before it had tasks.' : 'There are no tasks yet.'}>
    <EmptyText run={live.run} planned={plannedTasks(live)} plannedMs={sincePlanMs(live, now)} />
  </Empty>
)

/** How long ago the plan was made; null while it is not. */
function sincePlanMs({ fold }: RunViewProps['live'], now: number): number | null {
  const made = fold.events.find(({ type }) => type === 'run.plan_ready')
  return made === undefined ? null : Math.max(0, now - Date.parse(made.at))
}

/** How many tasks its plan has, as far as the log tells; null without one. */
export function plannedTasks({ fold }: RunViewProps['live']): number | null {
  const tasks = fold.events.findLast(({ type }) => type === 'run.plan_ready')?.data['tasks']
  return typeof tasks === 'number' ? tasks : null
}

type EmptyTextProps = Readonly<{ run: Run; planned: number | null; plannedMs: number | null }>

function EmptyText({ run: { id, status, error }, planned, plannedMs }: EmptyTextProps) {
  const plan = <ViewLink runId={id} view="plan" text="Plan" />
  const events = <ViewLink runId={id} view="events" text="Events" />
  if (status === 'awaiting_approval') return <>The plan is under {plan}, to be changed until you start the run.</>
  if (isTerminalRun(status))
    return (
      <>
        {planned !== null && (
          <>
            Its plan of {plural(planned, 'task')} is under {plan}.{' '}
          </>
        )}
        {error === null ? <>{events} tells what happened.</> : <>Why is said above, and under {events}.</>}
      </>
    )
  if (plannedMs === null) return 'They are here as soon as the plan is made.'
  return (
    <>
      The plan is made, and stands under {plan}. Its tasks begin once the documents are prepared for searching, for{' '}
      {duration(plannedMs)} now: it takes longer the more there are.
    </>
  )
}

type ViewLinkProps = Readonly<{ runId: string; view: RunView; text: string }>

const ViewLink = ({ runId, view, text }: ViewLinkProps) => (
  <Link to="/runs/$runId" params={{ runId }} search={{ view }} className="text-accent underline">
    {text}
  </Link>
)
