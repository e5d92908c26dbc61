import type { EventType, RunEvent } from './event.ts'
import type { JsonObject } from './json.ts'
import { isTerminalRun, RUN_STATUSES, type RunStatus } from './run.ts'
import type { TaskStatus } from './task.ts'

/** A run as its log tells it; `resumesTo` while it is paused. Nulls before its first event. */
export type RunStanding = Readonly<{ status: RunStatus | null; resumesTo: RunStatus | null }>

const RUN_STATUS: Partial<Record<EventType, RunStatus>> = {
  'run.created': 'created',
  'run.analyzed': 'planning',
  'run.planning': 'planning',
  'run.awaiting_approval': 'awaiting_approval',
  'run.started': 'executing',
  'run.paused': 'paused',
  'run.verifying': 'verifying',
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
}

/** What a task becomes with an event of it; other events leave it as it is. */
export const TASK_STATUS_AFTER: Partial<Record<EventType, TaskStatus>> = {
  'task.ready': 'ready',
  'task.started': 'in_progress',
  'task.verifying': 'verifying',
  'task.revising': 'revising',
  'task.retrying': 'ready',
  'task.recovered': 'ready',
  'approval.requested': 'awaiting_approval',
  'approval.decided': 'ready',
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.skipped': 'skipped',
  'task.cancelled': 'cancelled',
}

/**
 * A paused run stays paused until it is resumed or ends: a plan that was under way is written all the same, and tells only
 * what a resume leads to. A resume says what the run goes on with.
 */
export function runStandingAfter(before: RunStanding, { type, data }: Pick<RunEvent, 'type' | 'data'>): RunStanding {
  if (type === 'run.resumed')
    return { status: statusOf(data['to']) ?? before.resumesTo ?? 'executing', resumesTo: null }
  const next = RUN_STATUS[type]
  if (next === undefined) return before
  if (next === 'paused') return { status: 'paused', resumesTo: statusOf(data['was']) ?? before.status }
  if (before.status === 'paused' && !isTerminalRun(next)) return { status: 'paused', resumesTo: next }
  return { status: next, resumesTo: null }
}

const statusOf = (value: unknown): RunStatus | undefined => RUN_STATUSES.find((status) => status === value)

/** Why, as an event tells it: a failure as its `error`, an explanation as its `reason`. */
export function reasonOfEvent(data: JsonObject): string | null {
  const error = data['error']
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && !Array.isArray(error) && typeof error['message'] === 'string')
    return error['message']
  const reason = data['reason'] ?? data['message']
  return typeof reason === 'string' ? reason : null
}
