import * as v from 'valibot'
import { JsonObjectSchema } from './json.ts'

export const EVENT_TYPES = [
  'run.created',
  'run.analyzed',
  'run.planning',
  'run.plan_ready',
  'run.awaiting_approval',
  'run.started',
  'run.progress',
  'run.paused',
  'run.resumed',
  'run.replanned',
  'run.verifying',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'budget.warning',
  'budget.degraded',
  'budget.exceeded',
  'task.ready',
  'task.started',
  'task.turn',
  'task.tool_called',
  'task.verifying',
  'task.revising',
  'task.completed',
  'task.failed',
  'task.skipped',
  'task.cancelled',
  'task.retrying',
  'task.recovered',
  'approval.requested',
  'approval.decided',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** One entry of a run's log. `seq` starts at 1 in each run and has no gap. */
export const RunEventSchema = v.pipe(
  v.object({
    seq: v.number(),
    id: v.string(),
    type: v.picklist(EVENT_TYPES),
    at: v.string(),
    runId: v.string(),
    taskKey: v.optional(v.string()),
    data: JsonObjectSchema,
  }),
  v.metadata({ ref: 'RunEvent' }),
)
export type RunEvent = v.InferOutput<typeof RunEventSchema>

export const isTerminalEvent = (type: EventType): boolean =>
  type === 'run.completed' || type === 'run.failed' || type === 'run.cancelled'
