/** For tests: events, tasks and states of a run, as short as they can be written. */
import {
  NO_SPEND,
  NO_USAGE,
  type EventType,
  type JsonObject,
  type RunEvent,
  type TaskSummaryView,
} from '@flotilla/domain'
import { reduceAll } from '../live/reduce.ts'
import { startState, type LiveInput, type LiveState } from '../live/state.ts'

export const RUN_ID = 'run_01jd0000000000000000000000'
export const START = Date.parse('2026-01-01T10:00:00Z')

export const taskOf = (key: string, more: Partial<TaskSummaryView> = {}): TaskSummaryView => ({
  id: `task_${key}`,
  key,
  runId: RUN_ID,
  status: 'pending',
  role: 'analyst',
  type: 'general',
  title: `Do ${key}`,
  dependsOn: [],
  agent: { id: 'agt_1', name: 'Ada' },
  model: 'offline:default',
  attempt: 0,
  begun: 0,
  usage: NO_USAGE,
  budget: { limits: {}, reserved: NO_SPEND, spent: NO_SPEND },
  score: null,
  startedAt: null,
  finishedAt: null,
  error: null,
  ...more,
})

export type Step = readonly [type: EventType, taskKey?: string | undefined, data?: JsonObject, atSeconds?: number]

export const eventsOf = (steps: readonly Step[], from = 1): RunEvent[] =>
  steps.map(([type, taskKey, data = {}, atSeconds], i) => ({
    seq: from + i,
    id: `evt_${from + i}`,
    type,
    at: new Date(START + (atSeconds ?? i) * 1_000).toISOString(),
    runId: RUN_ID,
    ...(taskKey === undefined ? {} : { taskKey }),
    data,
  }))

export const tasksInput = (tasks: readonly TaskSummaryView[], settled = false): LiveInput => ({
  kind: 'tasks',
  tasks,
  settled,
})

export const stateAfter = (tasks: readonly TaskSummaryView[], steps: readonly Step[]): LiveState =>
  reduceAll(startState(RUN_ID, 'Compare the documents'), [
    tasksInput(tasks),
    ...eventsOf(steps).map((event): LiveInput => ({ kind: 'event', event })),
  ])
