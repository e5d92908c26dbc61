import type { RunSummary } from '@flotilla/client'
import { Link } from '@tanstack/react-router'
import { qualityText } from '../format/quality.ts'
import { duration, usd } from '../format/quantities.ts'
import { ago, elapsedMs, fullTime } from '../format/times.ts'
import { RunStatusMark } from '../parts/status.tsx'
import { RUN_LOOKS } from '../state/tones.ts'
import { LabelLinks } from './label-links.tsx'
import { ProgressBar } from '../parts/progress-bar.tsx'

export type RunRowProps = Readonly<{ run: RunSummary; now: number; index: number }>

export function RunRow({ run, now, index }: RunRowProps) {
  const lasted = elapsedMs(run.startedAt, run.finishedAt, now)
  return (
    <tr className="relative h-12 border-b border-line last:border-b-0 hover:bg-raised" aria-rowindex={index + 2}>
      <td className="px-3">
        <RunStatusMark status={run.status} short />
      </td>
      <td className="px-2">
        {/* The link covers the row, so that a click anywhere opens the run. */}
        <Link
          to="/runs/$runId"
          data-run
          params={{ runId: run.id }}
          className="block truncate after:absolute after:inset-0 after:content-['']"
        >
          {run.goal}
        </Link>
        <RowNote run={run} lasted={lasted} />
      </td>
      <td className="px-2 max-md:hidden">
        <ProgressBar progress={run.progress} />
      </td>
      <td className="numeric px-2 text-end whitespace-nowrap max-lg:hidden">
        {run.quality === null ? <span className="text-muted">–</span> : qualityText(run.quality)}
      </td>
      <td className="numeric px-2 text-end max-sm:hidden">{usd(run.budget.spent.costUsd)}</td>
      <td className="numeric px-2 text-end max-sm:hidden">{lasted === null ? '–' : duration(lasted)}</td>
      <td className="numeric px-3 text-end text-muted">
        <time dateTime={run.createdAt} title={fullTime(run.createdAt)}>
          {ago(run.createdAt, now)}
        </time>
      </td>
    </tr>
  )
}

function RowNote({ run, lasted }: Readonly<{ run: RunSummary; lasted: number | null }>) {
  return (
    <span className="flex gap-2 truncate text-small text-muted [&>a]:min-w-1/4">
      <span className="sm:hidden">
        {RUN_LOOKS[run.status].label} · {usd(run.budget.spent.costUsd)}
        {lasted === null ? '' : ` · ${duration(lasted)}`} · <code>{run.id.slice(-6)}</code>
      </span>
      <code className="min-w-0 truncate max-sm:hidden">{run.id}</code>
      {run.simulated && <span className="shrink-0">offline model</span>}
      <LabelLinks labels={run.labels} />
    </span>
  )
}
