import type { RunStatus, StoredTaskStatus } from '@flotilla/domain'
import type { TaskCounters } from '../tasks/step.ts'

/** What the record says, as far as steps, sweeps and controls move it; kept by plain code to hold the SQL against. */
export type RecordModel = {
  readonly runs: Map<number, RunModel>
  /** Fleet-wide limits, by role. */
  readonly pools: Map<string, { max: number; running: number }>
  /** What each workspace has had since something was parked. */
  readonly shares: Map<number, number>
}

export type RunModel = {
  readonly id: number
  readonly workspaceId: number
  readonly priority: number
  status: RunStatus
  resumeTo: RunStatus | null
  due: number | null
  todo: number
  completed: number
  failed: number
  skipped: number
  tasks: TaskModel[]
  /** The events so far, without progress: type and position. */
  log: string[]
}

/** Times are milliseconds of whatever clock the caller keeps. */
export type TaskModel = { -readonly [Counter in keyof TaskCounters]: TaskCounters[Counter] } & {
  readonly role: string
  readonly deps: readonly number[]
  readonly outs: readonly number[]
  readonly optional: boolean
  status: StoredTaskStatus
  worker: string | null
  due: number | null
  notBefore: number | null
}

export type TaskSeed = Readonly<{ role: string; deps: readonly number[]; optional?: boolean }>

/** How long a wake-up has to be answered before the sweep sends another. */
export const REWAKE_MS = 3_000

export const newRecordModel = (): RecordModel => ({ runs: new Map(), pools: new Map(), shares: new Map() })

/** An executing run, as expansion leaves it at `now`. */
export function plantRun(
  record: RecordModel,
  id: number,
  seeds: readonly TaskSeed[],
  now: number,
  workspaceId = 1,
): RunModel {
  const outs: number[][] = seeds.map(() => [])
  seeds.forEach(({ deps }, idx) => deps.forEach((dep) => outs[dep]?.push(idx)))
  const tasks = seeds.map(({ role, deps, optional = false }, idx): TaskModel => ({
    role,
    deps,
    outs: outs[idx] as number[],
    optional,
    status: deps.length === 0 ? 'ready' : 'pending',
    fence: 0,
    attempt: 0,
    kind: 'first',
    tries: 0,
    recoveries: 0,
    revisions: 0,
    continuations: 0,
    worker: null,
    due: deps.length === 0 ? now + REWAKE_MS : null,
    notBefore: null,
  }))
  const run: RunModel = {
    id,
    workspaceId,
    priority: 5,
    status: 'executing',
    resumeTo: null,
    due: null,
    todo: tasks.length,
    completed: 0,
    failed: 0,
    skipped: 0,
    tasks,
    log: [],
  }
  record.runs.set(id, run)
  return run
}

const ENDED: ReadonlySet<RunStatus> = new Set(['completed', 'failed', 'cancelled'])
export const isLive = (run: RunModel): boolean => !ENDED.has(run.status)

const CLAIMABLE: ReadonlySet<StoredTaskStatus> = new Set(['ready', 'revising', 'to_verify'])
export const isClaimable = (task: TaskModel): boolean => CLAIMABLE.has(task.status)
export const isHeld = (task: TaskModel): boolean => task.status === 'in_progress' || task.status === 'verifying'

export const isFree = (run: RunModel, task: TaskModel): boolean =>
  task.deps.every((dep) => {
    const { status, optional } = run.tasks[dep] as TaskModel
    return status === 'completed' || (optional && (status === 'failed' || status === 'skipped'))
  })

export function taskOf(record: RecordModel, ref: Readonly<{ runId: number; idx: number }>): TaskModel | undefined {
  return record.runs.get(ref.runId)?.tasks[ref.idx]
}

export function moveTask(run: RunModel, idx: number, status: StoredTaskStatus, event: string | null): void {
  ;(run.tasks[idx] as TaskModel).status = status
  if (event !== null) run.log.push(`${event} ${idx}`)
}
