import type { StoredTaskStatus } from '@flotilla/domain'
import type { Resumed } from '../runs/pause.ts'
import { isClaimable, isHeld, isLive, moveTask, type RunModel } from './record-model.ts'

const ENDED: ReadonlySet<StoredTaskStatus> = new Set(['completed', 'failed', 'skipped', 'cancelled'])

/** Ends a run and all of it that has not ended. Answers how many tasks that were; null: it has ended already. */
export function modelCancel(run: RunModel): number | null {
  if (!isLive(run)) return null
  const tasks = cancelTasks(run)
  run.status = 'cancelled'
  run.resumeTo = null
  run.due = null
  run.todo = 0
  run.log.push('run.cancelled null')
  return tasks
}

function cancelTasks(run: RunModel): number {
  const open = run.tasks.flatMap((task, idx) => (ENDED.has(task.status) ? [] : [idx]))
  for (const idx of open) {
    const task = run.tasks[idx] as RunModel['tasks'][number]
    // A claim at work may tell once what it had used: its fence is but one behind.
    task.fence += isHeld(task) ? 1 : 2
    task.due = null
    task.notBefore = null
    task.worker = null
    moveTask(run, idx, 'cancelled', 'task.cancelled')
  }
  return open.length
}

/** The wall time of an executing run is over: what has not ended is cancelled, and the run is finished next. */
export function modelExpire(run: RunModel, now: number): boolean {
  if (run.status !== 'executing') return false
  cancelTasks(run)
  if (!run.log.includes('budget.exceeded null')) run.log.push('budget.exceeded null')
  run.status = 'verifying'
  run.due = now
  run.todo = 0
  run.log.push('run.verifying null')
  return true
}

/** What runs goes on to its settlement; nothing else starts. */
export function modelPause(run: RunModel): boolean {
  if (run.status !== 'executing' && run.status !== 'verifying') return false
  run.resumeTo = run.status
  run.status = 'paused'
  run.log.push('run.paused null')
  return true
}

/** A run whose last task has settled meanwhile is finished next. Null: it is not paused. */
export function modelResume(run: RunModel, now: number): Resumed | null {
  if (run.status !== 'paused') return null
  const to = run.resumeTo ?? 'executing'
  run.status = to === 'executing' && run.todo === 0 ? 'verifying' : to
  run.resumeTo = null
  run.due = run.status === 'verifying' ? now : null
  run.log.push('run.resumed null')
  if (run.status !== to) run.log.push('run.verifying null')
  const tasks = run.status === 'executing' ? dueAgain(run, now) : []
  return { status: run.status, plan: false, finish: run.status === 'verifying', tasks }
}

const dueAgain = (run: RunModel, now: number): Resumed['tasks'] =>
  run.tasks.flatMap((task, idx) => {
    if (!isClaimable(task)) return []
    task.due = Math.max(now, task.notBefore ?? now)
    const { role, status } = task
    const base = { runId: run.id, idx, role, judge: status === 'to_verify', priority: run.priority }
    return [{ ...base, delayMs: task.due - now }]
  })

/** The run's end, once all its tasks have ended. */
export function modelFinish(run: RunModel): boolean {
  if (run.status !== 'verifying') return false
  run.status = run.completed > 0 ? 'completed' : 'failed'
  run.due = null
  run.log.push(`run.${run.status} null`)
  return true
}

/** What a cancelled claim had used, told once. */
export function modelLate(run: RunModel, idx: number, fence: number): boolean {
  const task = run.tasks[idx]
  if (task?.status !== 'cancelled' || task.fence !== fence + 1) return false
  task.fence++
  return true
}
