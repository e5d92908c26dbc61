import { isTerminalRun, TASK_STATUSES, totalTokens, type RunView } from '@flotilla/domain'
import { Link, getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePreparing } from '../documents/sources.ts'
import { amount } from '../format/amounts.ts'
import { duration, plural, tokens, usd } from '../format/quantities.ts'
import { sentence } from '../format/sentence.ts'
import { elapsedMs, fullTime } from '../format/times.ts'
import { buttonClass } from '../parts/button.tsx'
import { ProgressBar } from '../parts/progress-bar.tsx'
import { RunStatusMark } from '../parts/status.tsx'
import { qualityText } from '../format/quality.ts'
import { LabelLinks } from '../runs/label-links.tsx'
import { RUN_LOOKS, TASK_LOOKS } from '../state/tones.ts'
import { noDurationText, noQualityText } from './absent-words.ts'
import { beforeTasks, lastedMs, stageSums } from './before-tasks.ts'
import { BudgetGauge } from './budget-gauge.tsx'
import { PAUSERS } from './halts.ts'
import { plannedTasks } from './no-tasks.tsx'
import { POLICIES, policyOf } from './policy-text.ts'
import { limitsOf } from './used-up.ts'
import { DraftedAgents } from './drafted-agents.tsx'
import type { RunViewProps } from './run-page.tsx'

const route = getRouteApi('/runs/$runId')

/** What a run is and where it stands, in figures. */
export function RunHeader({ live, now }: RunViewProps) {
  const { run, tasks, fold } = live
  // Events that came since the clock was last read are later than it.
  const latest = Math.max(now, Date.parse(fold.events.at(-1)?.at ?? '') || 0)
  const lasted = elapsedMs(run.startedAt, run.finishedAt, latest)
  const preparing = usePreparing(run.id, run.status, tasks.length)
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-muted">
        <RunStatusMark status={run.status} />
        {isTerminalRun(run.status) && run.result !== null && <ResultLink runId={run.id} />}
        <code>{run.id}</code>
        <time dateTime={run.createdAt}>{fullTime(run.createdAt)}</time>
        {run.simulated && (
          <span>offline model: it puts answers together from documents, and adds nothing of its own</span>
        )}
        <LabelLinks labels={run.labels} />
      </div>
      <dl className="panel grid grid-cols-3 gap-x-4 gap-y-2 px-3 py-2 lg:grid-cols-6">
        <Figure name="Tasks">
          <ProgressBar progress={progressOf(run, tasks)} planned={plannedTasks(live)} />
        </Figure>
        <Figure name="Duration" title={durationTitle(beforeTasks(fold.events, now))}>
          {lasted === null ? noDurationText(run.status) : duration(lasted)}
        </Figure>
        <Figure name="Quality">{run.quality === null ? noQualityText(run.status) : qualityText(run.quality)}</Figure>
        <Figure name="Tokens">{tokens(totalTokens(run.usage))}</Figure>
        <Figure name="Cost">{usd(run.budget.spent.costUsd)}</Figure>
        <Figure name="Calls">
          {run.usage.modelCalls} model · {run.usage.toolCalls} tool
        </Figure>
      </dl>
      <BudgetGauge budget={run.budget} time="clock" />
      {limitsOf(run.budget).length > 0 && !isTerminalRun(run.status) && (
        <p className="px-3 text-small text-muted">{POLICIES[policyOf(run.budget)].says}</p>
      )}
      {preparing !== null && <p className="panel px-3 py-2">{sentence(preparing)}</p>}
      <Notices run={run} />
      <DraftedAgents tasks={tasks} />
    </div>
  )
}

function durationTitle(stages: ReturnType<typeof beforeTasks>): string {
  const parts = [...stageSums(stages)].map(([name, ms]) => `${name} ${duration(ms)}`)
  const before = parts.length === 0 ? '' : `; before that ${duration(lastedMs(stages))}: ${parts.join(', ')}`
  return `From when its tasks could begin to its end${before}`
}

type FigureProps = Readonly<{ name: string; title?: string; children: ReactNode }>

const Figure = ({ name, title, children }: FigureProps) => (
  <div className="min-w-0" title={title}>
    <dt className="text-small text-muted">{name}</dt>
    <dd className="numeric whitespace-normal!">{children}</dd>
  </div>
)

/** A run that ends leaves whoever watches it at the view that they watch. */
function ResultLink({ runId }: Readonly<{ runId: string }>) {
  const { view } = route.useSearch()
  if (view === 'result') return null
  return (
    <Link
      to="/runs/$runId"
      params={{ runId }}
      search={{ view: 'result' }}
      resetScroll={false}
      className={buttonClass('primary')}
    >
      See the result
    </Link>
  )
}

/** Why it is paused, has failed, or what its cancel has ended. */
function Notices({ run }: Readonly<{ run: RunView }>) {
  const { pause, error, cancellation } = run
  return (
    <>
      {pause !== undefined && (
        <Notice tone="border-warn">
          Paused by {PAUSERS[pause.by]}
          {pause.reason === null ? '' : `: ${pause.reason}`}.{' '}
          {pause.needs !== undefined &&
            `It goes on once its limit is at least ${amount(pause.needs.dimension, pause.needs.least, 'up')}.`}
        </Notice>
      )}
      {error !== null && <Notice tone="border-bad">{sentence(error.message)}</Notice>}
      {cancellation !== null && (
        <Notice tone="border-line">
          Cancelled while {RUN_LOOKS[cancellation.was].label}: {endedText(cancellation.tasks)}. {costText(cancellation)}
        </Notice>
      )}
      {run.budget.notice !== undefined && !isTerminalRun(run.status) && (
        <Notice tone="border-warn">{run.budget.notice}</Notice>
      )}
    </>
  )
}

const Notice = ({ tone, children }: Readonly<{ tone: string; children: ReactNode }>) => (
  <p role="status" className={`panel px-3 py-2 [overflow-wrap:anywhere] ${tone}`}>
    {children}
  </p>
)

type Cancellation = NonNullable<RunView['cancellation']>

/** What had been spent at the request, and what the attempts under way have told of since. */
function costText({ spentBefore, stopped, spentAfter }: Cancellation): string {
  const before = `At that moment it had cost ${usd(spentBefore.costUsd)} for ${tokens(totalTokens(spentBefore))}.`
  const after = totalTokens(spentAfter)
  const calls = `${plural(spentAfter.modelCalls, 'model call')} of theirs`
  const more = after > 0 ? `, and ${calls} took ${tokens(after)} and ${usd(spentAfter.costUsd)} more` : ''
  return stopped.calls === 0 ? before : `${before} ${plural(stopped.calls, 'attempt')} under way stopped${more}.`
}

/** While it goes on its log is ahead of the record that is read now and then. */
function progressOf({ status, progress }: RunView, all: RunViewProps['live']['tasks']): RunView['progress'] {
  if (isTerminalRun(status) || all.length === 0) return progress
  const count = (wanted: string): number => all.filter((task) => task.status === wanted).length
  return { ...progress, completed: count('completed'), failed: count('failed'), skipped: count('skipped') }
}

function labelOf(status: string): string {
  const known = TASK_STATUSES.find((one) => one === status)
  return known === undefined ? status : TASK_LOOKS[known].label
}

function endedText(tasks: Readonly<Record<string, number>>): string {
  const parts = Object.entries(tasks).map(([status, n]) => `${n} ${labelOf(status)}`)
  return parts.length === 0 ? 'no task was open' : `ended ${parts.join(', ')}`
}
