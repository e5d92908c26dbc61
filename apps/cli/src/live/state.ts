import type { Prepared, RunEvent, RunStatus, RunView, TaskStatus, TaskSummaryView } from '@flotilla/domain'

/** One task as the view shows it. Times in milliseconds since the epoch, of the running or last attempt. */
export interface TaskLine {
  readonly key: string
  readonly title: string
  readonly role: string
  readonly status: TaskStatus
  readonly attempt: number
  /** As the last list tells it: the attempts without those that only went on. */
  readonly begun: number
  readonly dependsOn: readonly string[]
  readonly agent: string | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly tokens: number
  readonly costUsd: number
  /** Why it failed, was skipped or waits for another try. */
  readonly reason: string | null
  /** Handed back without a call: for what it waits. The log says nothing of it. */
  readonly waits: string | null
  /** What the running attempt did last. */
  readonly activity: string | null
}

export interface Counts {
  readonly total: number
  readonly completed: number
  readonly failed: number
  readonly skipped: number
  readonly active: number
}

export interface LiveState {
  readonly runId: string
  readonly goal: string
  readonly status: RunStatus
  /** While it is paused. */
  readonly resumesTo: RunStatus | null
  readonly reason: string | null
  readonly simulated: boolean
  readonly tokens: number
  readonly costUsd: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly tasks: ReadonlyMap<string, TaskLine>
  /** Every task once, after what it depends on; `depth` is its indentation. */
  readonly order: readonly Place[]
  readonly counts: Counts
  /** How many of its documents can be searched; null before that was read. */
  readonly documents: Prepared | null
  /** The last event taken in. */
  readonly seq: number
}

export type Place = Readonly<{ key: string; depth: number }>

/**
 * What a view learns from: the log says what happened, the task list what things are called and cost. `settled`: the list
 * was read after the run had ended, so it holds every task's final status.
 */
export type LiveInput =
  | Readonly<{ kind: 'event'; event: RunEvent }>
  | Readonly<{ kind: 'run'; run: RunView }>
  | Readonly<{ kind: 'documents'; documents: Prepared }>
  | Readonly<{ kind: 'tasks'; tasks: readonly TaskSummaryView[]; settled: boolean }>

const NO_COUNTS: Counts = { total: 0, completed: 0, failed: 0, skipped: 0, active: 0 }

export const startState = (runId: string, goal = ''): LiveState => ({
  runId,
  goal,
  status: 'created',
  resumesTo: null,
  reason: null,
  simulated: false,
  tokens: 0,
  costUsd: 0,
  startedAt: null,
  finishedAt: null,
  tasks: new Map(),
  order: [],
  counts: NO_COUNTS,
  documents: null,
  seq: 0,
})
