import type { RunSummary } from '@flotilla/client'
import { Link } from '@tanstack/react-router'
import { qualityText } from '../format/quality.ts'
import { duration, usd } from '../format/quantities.ts'
import { ago, elapsedMs, fullTime } from '../format/times.ts'
import { RunStatusMark } from '../parts/status.tsx'
import { LabelLinks } from './label-links.tsx'
import { ProgressBar } from '../parts/progress-bar.tsx'

export type RunRowProps = Readonly<{
  run: RunSummary
  now: number
  index: number
  /** All facts beneath the goal, where there is no room for columns. */
  narrow: boolean
  measure: (row: HTMLTableRowElement | null) => void
}>

export function RunRow({ run, now, index, narrow, measure }: RunRowProps) {
  const lasted = elapsedMs(run.startedAt, run.finishedAt, now)
  const lastedText = lasted === null ? null : duration(lasted)
  return (
    <tr
      ref={measure}
      data-index={index}
      className="relative h-12 border-b border-line last:border-b-0 hover:bg-raised"
      aria-rowindex={index + 2}
    >
      {narrow ? (
        <NarrowCell run={run} now={now} lasted={lastedText} />
      ) : (
        <WideCells run={run} now={now} lasted={lastedText} />
      )}
    </tr>
  )
}

type CellsProps = Readonly<{ run: RunSummary; now: number; lasted: string | null }>

const WideCells = ({ run, now, lasted }: CellsProps) => (
  <>
    <td className="px-3">
      <RunStatusMark status={run.status} />
    </td>
    <td className="px-2">
      <GoalLink run={run} className="block truncate" />
      <span className="flex gap-2 truncate text-small text-muted">
        <code className="shrink-0">{run.id}</code>
        {run.simulated && <span className="min-w-0 shrink-[99999] truncate">offline model</span>}
        <LabelLinks labels={run.labels} />
      </span>
    </td>
    <td className="px-2">
      <ProgressBar progress={run.progress} />
    </td>
    <td className="numeric px-2 text-end">
      {run.quality === null ? <span className="text-muted">–</span> : qualityText(run.quality)}
    </td>
    <td className="numeric px-2 text-end">{usd(run.budget.spent.costUsd)}</td>
    <td className="numeric px-2 text-end">{lasted ?? '–'}</td>
    <td className="numeric px-3 text-end text-muted">
      <Created run={run} now={now} />
    </td>
  </>
)

const NarrowCell = ({ run, now, lasted }: CellsProps) => (
  <td className="px-3 py-2">
    <GoalLink run={run} className="line-clamp-2" />
    <span className="flex flex-wrap gap-x-3 text-small text-muted">
      <RunStatusMark status={run.status} />
      {run.progress.total > 0 && <TasksText progress={run.progress} />}
      {run.quality !== null && <span className="numeric">quality {qualityText(run.quality)}</span>}
      <span className="numeric">{usd(run.budget.spent.costUsd)}</span>
      {lasted !== null && <span className="numeric">{lasted}</span>}
      <Created run={run} now={now} />
      {run.simulated && <span>offline model</span>}
      <LabelLinks labels={run.labels} />
    </span>
  </td>
)

/** It covers the row, so that a click anywhere opens the run. */
const GoalLink = ({ run, className }: Readonly<{ run: RunSummary; className: string }>) => (
  <Link
    to="/runs/$runId"
    data-run
    params={{ runId: run.id }}
    className={`after:absolute after:inset-0 after:content-[''] ${className}`}
  >
    {run.goal}
  </Link>
)

const TasksText = ({ progress: { completed, total, failed } }: Readonly<{ progress: RunSummary['progress'] }>) => (
  <span className="numeric">
    {completed} of {total} tasks
    {failed > 0 && <span className="text-bad"> · {failed} failed</span>}
  </span>
)

const Created = ({ run, now }: Readonly<{ run: RunSummary; now: number }>) => (
  <time className="numeric" dateTime={run.createdAt} title={fullTime(run.createdAt)}>
    {ago(run.createdAt, now)}
  </time>
)
