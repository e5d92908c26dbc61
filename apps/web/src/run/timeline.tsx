import { Link } from '@tanstack/react-router'
import { Fragment, useDeferredValue, useMemo, type ReactNode } from 'react'
import { isTerminalRun, isTerminalTask } from '@flotilla/domain'
import { duration, plural } from '../format/quantities.ts'
import { Empty } from '../parts/notice.tsx'
import { nothingBegan } from './absent-words.ts'
import { WAITING, beforeTasks, isWorkAlone, lastedMs, stageSums, type Stage } from './before-tasks.ts'
import { NoTasks } from './no-tasks.tsx'
import type { RunViewProps } from './run-page.tsx'
import { SPAN_KINDS, SPAN_WORDS } from './span-words.ts'
import type { SpanKind } from './spans.ts'
import type { TaskLine } from './task-lines.ts'
import { axisTicks, sumSpans } from './timeline-scale.ts'

const FILLS: Readonly<Record<SpanKind, string>> = {
  wait: 'fill-line',
  gate: 'fill-warn',
  model: 'fill-active',
  tool: 'fill-good',
  verify: 'fill-judged',
  other: 'fill-idle opacity-40',
}
const SHOWN = 300
/** More than a screen; the others are drawn once these are there. */
const SHOWN_FIRST = 50

/** When each task waited, thought, used tools and was judged. */
export default function Timeline({ live, now }: RunViewProps) {
  const shown = useDeferredValue(SHOWN, SHOWN_FIRST)
  const tasks = useMemo(() => live.tasks.filter(({ spans }) => spans.length > 0), [live.tasks])
  const { before, from, to } = scaleOf(live, tasks, now)
  const sums = useMemo(
    () =>
      sumSpans(
        tasks.flatMap(({ spans }) => spans),
        now,
      ),
    [tasks, now],
  )
  if (live.tasks.length === 0) return <NoTasks live={live} now={now} />
  if (tasks.length === 0) {
    const { title, text } = nothingBegan(live.run.status)
    return <Empty title={title}>{text}</Empty>
  }
  return (
    <div className="panel overflow-hidden">
      <ul className="flex flex-wrap gap-x-4 gap-y-1 border-b border-line px-3 py-2 text-small" aria-label="Time in all">
        {SPAN_KINDS.map((kind) => (
          <li key={kind} className="flex items-center gap-1.5">
            <svg width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" rx="2" className={`${FILLS[kind]} stroke-edge`} strokeWidth="0.5" />
            </svg>
            {SPAN_WORDS[kind].name} <span className="numeric text-muted">{duration(sums[kind])}</span>
          </li>
        ))}
      </ul>
      <details className="border-b border-line px-3 py-1.5 text-small">
        <summary className="text-muted">What each of these holds</summary>
        <dl className="mt-1 grid gap-x-4 gap-y-1 sm:grid-cols-[auto_1fr]">
          {SPAN_KINDS.map((kind) => (
            <Fragment key={kind}>
              <dt className="font-semibold">{SPAN_WORDS[kind].name}</dt>
              <dd className="text-muted">{SPAN_WORDS[kind].holds}</dd>
            </Fragment>
          ))}
        </dl>
        <p className="mt-1 text-muted">
          All of it is clock time, added up over the tasks; the budgets of tasks count what calls took. What came before
          the first task has a line of its own and is not in these sums, unless it waited for somebody.
        </p>
      </details>
      <Axis ms={to - from} />
      <ul>
        {before.length > 0 && <BeforeLane stages={before} from={from} to={to} />}
        {tasks.slice(0, shown).map((task) => (
          <Lane key={task.key} runId={live.run.id} task={task} from={from} to={to} now={now} />
        ))}
      </ul>
      {tasks.length > SHOWN && (
        <p className="px-3 py-2 text-muted">
          The first {SHOWN} of {tasks.length} tasks; the others are under Tasks.
        </p>
      )}
      <NotBegun live={live} />
    </div>
  )
}

/** From the run's creation on, unless its tasks waited for somebody. */
function scaleOf({ fold }: RunViewProps['live'], tasks: readonly TaskLine[], now: number) {
  const stages = beforeTasks(fold.events, now)
  const before = isWorkAlone(stages) ? stages : []
  const from = Math.min(...before.map((stage) => stage.from), ...tasks.map(({ spans }) => spans[0]?.from ?? Infinity))
  return { before, from, to: Math.max(from + 1, ...tasks.map(({ spans }) => spans.at(-1)?.to ?? now)) }
}

/** How many have no line. */
function NotBegun({ live }: Pick<RunViewProps, 'live'>) {
  const absent = live.tasks.filter(({ spans, status }) => spans.length === 0 && status !== 'completed')
  if (absent.length === 0) return null
  const ended = isTerminalRun(live.run.status) || absent.every(({ status }) => isTerminalTask(status))
  const yet = absent.length === 1 ? 'is not ready yet, and has' : 'are not ready yet, and have'
  return (
    <p className="px-3 py-2 text-muted">
      {plural(absent.length, 'task')} {ended ? `never began, and ${absent.length === 1 ? 'has' : 'have'}` : yet} no line
      here.
    </p>
  )
}

const grid = 'grid grid-cols-[1fr_64px] items-center gap-x-2 px-3 sm:grid-cols-[minmax(90px,22%)_1fr_64px]'

const Axis = ({ ms }: Readonly<{ ms: number }>) => (
  <div className={`${grid} h-6 border-b border-line text-small text-muted`} aria-hidden="true">
    <span className="max-sm:hidden" />
    <svg width="100%" height="16" className="overflow-visible">
      {axisTicks(ms).map((tick) => (
        <text key={tick} x={`${(tick / ms) * 100}%`} y="12" className="fill-muted">
          {duration(tick)}
        </text>
      ))}
    </svg>
    <span />
  </div>
)

type Scale = Readonly<{ from: number; to: number }>
type LaneProps = Scale & Readonly<{ runId: string; task: TaskLine; now: number }>

function Lane({ runId, task, from, to, now }: LaneProps) {
  const sums = sumSpans(task.spans, now)
  const told = SPAN_KINDS.filter((kind) => sums[kind] > 0).map(
    (kind) => `${SPAN_WORDS[kind].name} ${duration(sums[kind])}`,
  )
  const first = task.spans[0]?.from ?? from
  const bars = task.spans.map((span) => ({ from: span.from, to: span.to ?? now, fill: FILLS[span.kind] }))
  return (
    <Row told={told} bars={bars} ms={(task.spans.at(-1)?.to ?? now) - first} from={from} to={to}>
      <Link
        to="/runs/$runId/tasks/$taskKey"
        params={{ runId, taskKey: task.key }}
        className="truncate max-sm:col-span-2"
      >
        {task.title}
      </Link>
    </Row>
  )
}

/** What no task's line holds: a run's time begins at its creation. */
function BeforeLane({ stages, from, to }: Scale & Readonly<{ stages: readonly Stage[] }>) {
  const told = [...stageSums(stages)].map(([name, ms]) => `${name} ${duration(ms)}`)
  const bars = stages.map((stage) => ({ ...stage, fill: stage.name === WAITING ? FILLS.wait : FILLS.other }))
  return (
    <Row told={told} bars={bars} ms={lastedMs(stages)} from={from} to={to}>
      <span className="truncate text-muted max-sm:col-span-2">Before the first task</span>
    </Row>
  )
}

type RowProps = Scale &
  Readonly<{
    told: readonly string[]
    bars: readonly Readonly<{ from: number; to: number; fill: string }>[]
    ms: number
    children: ReactNode
  }>

function Row({ told, bars, ms, from, to, children }: RowProps) {
  const whole = to - from
  return (
    <li
      className={`${grid} border-b border-line py-0.5 last:border-b-0 hover:bg-raised max-sm:py-1.5`}
      title={told.join(', ')}
    >
      {children}
      <svg
        width="100%"
        height="12"
        viewBox={`0 0 ${whole} 12`}
        preserveAspectRatio="none"
        role="img"
        aria-label={told.join(', ')}
      >
        {bars.map((bar) => (
          <rect
            key={`${bar.fill} ${bar.from}`}
            x={bar.from - from}
            y="1"
            height="10"
            width={Math.max(whole / 1_000, bar.to - bar.from)}
            className={bar.fill}
          />
        ))}
      </svg>
      <span className="numeric text-end text-small text-muted">{duration(ms)}</span>
      {/* Where nothing hovers, what the colours stand for is told. */}
      <span aria-hidden="true" className="col-span-2 text-small text-muted sm:hidden">
        {told.join(' · ')}
      </span>
    </li>
  )
}
