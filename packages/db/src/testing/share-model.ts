import { JUDGING, type Drawn, type Started, type Unparked } from '../tasks/parking.ts'
import type { TaskRef, WakeUp } from '../tasks/step.ts'
import { isClaimable, REWAKE_MS, taskOf, type RecordModel, type RunModel, type TaskModel } from './record-model.ts'

export { JUDGING }

export type ModelDraw = Readonly<{ roles: readonly string[] | null; n: number; started: readonly Started[] }>

/** Leaves what is ready of these to the record. */
export function modelPark(record: RecordModel, refs: readonly TaskRef[], now: number): void {
  for (const ref of refs) {
    const task = taskOf(record, ref)
    if (task && isClaimable(task) && (task.notBefore === null || task.notBefore <= now)) task.due = Infinity
  }
}

/** Draws for the workspace that has had least, all of equal weight, in the order of runs and tasks. */
export function modelUnpark(record: RecordModel, { roles, n, started }: ModelDraw, now: number): Unparked {
  const { shares } = record
  for (const each of started) shares.set(each.workspaceId, (shares.get(each.workspaceId) ?? 0) + each.n)
  const tasks: Drawn[] = []
  for (; tasks.length < n;) {
    const open = parkedRuns(record, roles, true)
    const [run] = open.toSorted((a, b) => (shares.get(a.workspaceId) ?? 0) - (shares.get(b.workspaceId) ?? 0))
    if (run === undefined) break
    const idx = run.tasks.findIndex((task) => isParked(task, roles) && hasRoom(record, task))
    const task = run.tasks[idx] as TaskModel
    task.due = now + REWAKE_MS
    shares.set(run.workspaceId, (shares.get(run.workspaceId) ?? 0) + 1)
    tasks.push({
      runId: run.id,
      idx,
      role: task.role,
      delayMs: 0,
      judge: task.status === 'to_verify',
      priority: run.priority,
      workspaceId: run.workspaceId,
    })
  }
  const waiting = new Set(parkedRuns(record, roles, false).map((run) => run.workspaceId))
  return { tasks, waiting: [...waiting].slice(0, 2) }
}

/** One parked task of each role that has some. */
export function modelKnock(record: RecordModel, now: number): readonly WakeUp[] {
  const roles = new Set(
    [...record.runs.values()].flatMap((run) => run.tasks.filter((task) => isParked(task, null)).map(roleOf)),
  )
  return [...roles].flatMap((role) => modelUnpark(record, { roles: [role], n: 1, started: [] }, now).tasks)
}

const roleOf = ({ role, status }: TaskModel): string => (status === 'to_verify' ? JUDGING : role)

const isParked = (task: TaskModel, roles: readonly string[] | null): boolean =>
  task.due === Infinity && isClaimable(task) && (roles?.includes(roleOf(task)) ?? true)

function hasRoom({ pools }: RecordModel, task: TaskModel): boolean {
  const pool = pools.get(roleOf(task))
  return pool === undefined || pool.running < pool.max
}

const parkedRuns = (record: RecordModel, roles: readonly string[] | null, room: boolean): RunModel[] =>
  [...record.runs.values()].filter(
    (run) =>
      run.status === 'executing' && run.tasks.some((task) => isParked(task, roles) && (!room || hasRoom(record, task))),
  )
