import {
  reasonOfEvent,
  runStandingAfter,
  TASK_STATUS_AFTER,
  type EventType,
  type RunEvent,
  type RunStanding,
  type RunStatus,
  type TaskStatus,
} from '@flotilla/domain'
import { addSpan, endSpans, pauseSpans, resumeSpans, type Span } from './spans.ts'

/** A task as the log tells it. Times in milliseconds since the epoch, of its first start and its end. */
export type TaskFold = Readonly<{
  status: TaskStatus
  startedAt: number | null
  finishedAt: number | null
  /** Why it failed, was skipped or waits for another try. */
  reason: string | null
  spans: readonly Span[]
}>

/** A run as its log tells it: whoever has all events up to `seq` knows the same, however they came. */
export type RunFold = Readonly<{
  seq: number
  status: RunStatus | null
  /** While it is paused: the status that a resume leads to, as far as the log tells. */
  resumesTo: RunStatus | null
  tasks: ReadonlyMap<string, TaskFold>
  events: readonly RunEvent[]
}>

export const EMPTY_FOLD: RunFold = { seq: 0, status: null, resumesTo: null, tasks: new Map(), events: [] }

const ENDS: ReadonlySet<EventType> = new Set<EventType>([
  'task.completed',
  'task.failed',
  'task.skipped',
  'task.cancelled',
])
const TELLS_WHY: ReadonlySet<EventType> = new Set<EventType>([
  'task.failed',
  'task.skipped',
  'task.cancelled',
  'task.retrying',
  'task.recovered',
  'task.revising',
  'approval.requested',
])

/** The run after these events, in order; those that are known already change nothing. One copy for all of them. */
export function foldEvents(before: RunFold, events: readonly RunEvent[]): RunFold {
  const fresh = events.filter((event) => event.seq > before.seq)
  if (fresh.length === 0) return before
  const tasks = new Map(before.tasks)
  let standing: RunStanding = before
  for (const event of fresh) {
    standing = runStandingAfter(standing, event)
    if (event.taskKey !== undefined)
      tasks.set(event.taskKey, moveTask(tasks.get(event.taskKey) ?? NEW_TASK, event, standing.status === 'paused'))
    // A cancelled run ends its tasks without a word about each.
    if (event.type === 'run.cancelled' || event.type === 'run.failed') endAll(tasks, event)
    if (event.type === 'run.paused') changeSpans(tasks, pauseSpans, event)
    if (event.type === 'run.resumed') changeSpans(tasks, resumeSpans, event)
  }
  const { status, resumesTo } = standing
  return { seq: fresh.at(-1)?.seq ?? before.seq, status, resumesTo, tasks, events: [...before.events, ...fresh] }
}

const NEW_TASK: TaskFold = { status: 'pending', startedAt: null, finishedAt: null, reason: null, spans: [] }

function moveTask(task: TaskFold, event: RunEvent, paused: boolean): TaskFold {
  const { type, data } = event
  const at = Date.parse(event.at)
  const status = TASK_STATUS_AFTER[type] ?? task.status
  return {
    status,
    startedAt: type === 'task.started' ? (task.startedAt ?? at) : task.startedAt,
    finishedAt: ENDS.has(type) ? at : task.finishedAt,
    reason: TELLS_WHY.has(type) ? reasonOfEvent(data) : type === 'task.completed' ? null : task.reason,
    spans: addSpan(task.spans, event, paused),
  }
}

function endAll(tasks: Map<string, TaskFold>, event: RunEvent): void {
  const at = Date.parse(event.at)
  for (const [key, task] of tasks) {
    if (task.finishedAt !== null) continue
    tasks.set(key, { ...task, status: 'cancelled', finishedAt: at, spans: endSpans(task.spans, at) })
  }
}

function changeSpans(tasks: Map<string, TaskFold>, change: typeof pauseSpans, event: RunEvent): void {
  const at = Date.parse(event.at)
  for (const [key, task] of tasks) {
    const spans = change(task.spans, at)
    if (spans !== task.spans) tasks.set(key, { ...task, spans })
  }
}
