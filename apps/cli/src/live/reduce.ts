import {
  reasonOfEvent,
  runStandingAfter,
  TASK_STATUS_AFTER,
  totalTokens,
  type JsonObject,
  type RunEvent,
  type TaskSummaryView,
} from '@flotilla/domain'
import { readingOrder } from './order.ts'
import type { Counts, LiveInput, LiveState, TaskLine } from './state.ts'

/** The view's state after an input; the old one stays as it was. */
export const reduce = (state: LiveState, input: LiveInput): LiveState => reduceAll(state, [input])

/** One copy of the tasks for all inputs: thousands of events arrive between two frames. */
export function reduceAll(state: LiveState, inputs: readonly LiveInput[]): LiveState {
  const tasks = new Map(state.tasks)
  const next: LiveState = { ...state, tasks }
  for (const input of inputs) Object.assign(next, take(next, tasks, input))
  const order = tasks.size === next.order.length ? next.order : readingOrder([...tasks.values()])
  return { ...next, order, counts: countTasks(tasks) }
}

type Tasks = Map<string, TaskLine>

function take(state: LiveState, tasks: Tasks, input: LiveInput): Partial<LiveState> {
  switch (input.kind) {
    case 'event':
      return takeEvent(state, tasks, input.event)
    case 'run': {
      const { run } = input
      const { goal, simulated } = run
      const seen = { goal, simulated, tokens: totalTokens(run.usage), costUsd: run.usage.costUsd }
      return state.seq > 0 ? seen : { ...seen, status: run.status, startedAt: time(run.startedAt ?? run.createdAt) }
    }
    case 'documents':
      return { documents: input.documents }
    case 'tasks':
      for (const task of input.tasks) tasks.set(task.key, describe(tasks.get(task.key), task, input.settled))
      return { order: readingOrder([...tasks.values()]) }
  }
}

function takeEvent(state: LiveState, tasks: Tasks, event: RunEvent): Partial<LiveState> {
  if (event.seq <= state.seq) return {}
  if (event.taskKey !== undefined)
    tasks.set(event.taskKey, moveTask(tasks.get(event.taskKey) ?? newLine(event.taskKey), event))
  const { status, resumesTo } = runStandingAfter(state, event)
  const over = event.type === 'run.completed' || event.type === 'run.failed' || event.type === 'run.cancelled'
  return {
    seq: event.seq,
    status: status ?? state.status,
    resumesTo,
    startedAt: state.startedAt ?? time(event.at),
    finishedAt: over ? time(event.at) : null,
    reason: over ? reasonOfEvent(event.data) : state.reason,
  }
}

const newLine = (key: string): TaskLine => ({
  key,
  title: key,
  role: '',
  status: 'pending',
  attempt: 0,
  begun: 0,
  dependsOn: [],
  agent: null,
  startedAt: null,
  finishedAt: null,
  tokens: 0,
  costUsd: 0,
  reason: null,
  waits: null,
  activity: null,
})

function moveTask(before: TaskLine, event: RunEvent): TaskLine {
  const { type, data } = event
  const line = { ...before, waits: null }
  const status = TASK_STATUS_AFTER[type] ?? line.status
  const at = time(event.at)
  switch (type) {
    case 'task.started': {
      const attempt = typeof data['attempt'] === 'number' ? data['attempt'] : line.attempt + 1
      return { ...line, status, attempt, startedAt: at, finishedAt: null, activity: null }
    }
    case 'task.tool_called':
      return { ...line, activity: typeof data['tool'] === 'string' ? data['tool'] : line.activity }
    case 'task.completed':
      return { ...line, status, finishedAt: at, reason: null, activity: null }
    case 'task.failed':
    case 'task.skipped':
    case 'task.cancelled':
      return { ...line, status, finishedAt: at, reason: reasonOfEvent(data), activity: null }
    case 'approval.requested':
      return { ...line, status, reason: toDecide(data), activity: null }
    case 'approval.decided':
    case 'task.retrying':
    case 'task.recovered':
    case 'task.revising':
      return { ...line, status, reason: reasonOfEvent(data), activity: null }
    default:
      return { ...line, status }
  }
}

/** What a list tells of a task; its status only where the log cannot be behind it. */
function describe(line: TaskLine | undefined, task: TaskSummaryView, settled: boolean): TaskLine {
  const own = line ?? { ...newLine(task.key), status: task.status }
  return {
    ...own,
    title: task.title,
    role: task.role,
    status: settled ? task.status : own.status,
    attempt: Math.max(own.attempt, task.attempt),
    begun: Math.max(own.begun, task.begun),
    dependsOn: task.dependsOn,
    agent: task.agent?.name ?? null,
    startedAt: own.startedAt ?? time(task.startedAt),
    finishedAt: own.finishedAt ?? (settled ? time(task.finishedAt) : null),
    tokens: totalTokens(task.usage),
    costUsd: task.usage.costUsd,
    waits: waitsOf(own, task),
    reason: own.reason ?? (own.status === 'failed' || settled ? (task.error?.message ?? null) : null),
  }
}

/** A list that was read before the attempt that runs now began knows nothing of it. */
const waitsOf = (own: TaskLine, { wait, attempt }: TaskSummaryView): string | null =>
  wait === undefined || attempt < own.attempt
    ? null
    : `waits until ${wait.until.slice(11, 19)}: ${wait.why ?? 'for its lane'}`

/** What a person has to type to see what the task waits for. */
export function toDecide(data: JsonObject): string | null {
  const id = data['approvalId']
  return typeof id === 'string' ? `waits for you: flotilla approvals show ${id}` : reasonOfEvent(data)
}

function time(iso: string | null): number | null {
  const ms = iso === null ? Number.NaN : Date.parse(iso)
  return Number.isNaN(ms) ? null : ms
}

function countTasks(tasks: Tasks): Counts {
  const counts = { total: tasks.size, completed: 0, failed: 0, skipped: 0, active: 0 }
  for (const { status } of tasks.values()) {
    if (status === 'completed') counts.completed += 1
    else if (status === 'failed') counts.failed += 1
    else if (status === 'skipped' || status === 'cancelled') counts.skipped += 1
    else if (status === 'in_progress' || status === 'verifying' || status === 'revising') counts.active += 1
  }
  return counts
}
