import type { Claim, RunWakeUp, SweepInput, SweepResult } from '../tasks/transitions.ts'
import type { TaskRef, WakeUp } from '../tasks/step.ts'
import { recoveryDelayMs } from '@flotilla/domain'
import {
  isClaimable,
  isFree,
  isHeld,
  isLive,
  moveTask,
  REWAKE_MS,
  taskOf,
  type RecordModel,
  type RunModel,
  type TaskModel,
} from './record-model.ts'

/** What a sweep answers at `now`, and what the record says from then on. */
export function modelSweep(record: RecordModel, input: SweepInput, now: number): SweepResult {
  const page = [...record.runs.values()]
    .filter((run) => isLive(run) && run.id > input.after)
    .toSorted((a, b) => a.id - b.id)
    .slice(0, input.limit)
  const recovered: WakeUp[] = []
  const poisoned: (Claim & { judged: boolean; worker: string })[] = []
  const wake: WakeUp[] = []
  const finish: RunWakeUp[] = []
  for (const run of page) {
    run.tasks.forEach((task, idx) => {
      if (isHeld(task) && isOverdue(task.due, now)) {
        const { fence, status, worker } = task
        if (task.recoveries < input.maxRecoveries) {
          const wakeUp = recover(record, run, idx, now)
          if (run.status !== 'paused') recovered.push(wakeUp)
        } else poisoned.push({ runId: run.id, idx, fence, judged: status === 'verifying', worker: worker ?? '?' })
      } else if (run.status === 'executing' && isForgotten(run, task, input, now)) {
        task.due = now + REWAKE_MS
        if (task.status === 'pending') task.status = 'ready'
        wake.push(wakeUp(run, idx, task))
      }
    })
    if (run.status === 'verifying' && (run.due === null || isOverdue(run.due, now + (input.earlyMs ?? 0)))) {
      run.due = now + REWAKE_MS
      finish.push({ runId: run.id, priority: run.priority })
    }
  }
  return { last: page.at(-1)?.id ?? null, wake, recovered, poisoned, plan: [], finish }
}

const isOverdue = (due: number | null, now: number): boolean => due !== null && due <= now

const isForgotten = (run: RunModel, task: TaskModel, { ready, deep, earlyMs = 0 }: SweepInput, now: number): boolean =>
  (ready && isClaimable(task) && isOverdue(task.due, now + earlyMs)) ||
  (deep && task.status === 'pending' && isFree(run, task))

const wakeUp = (run: RunModel, idx: number, { role, status }: TaskModel): WakeUp => ({
  runId: run.id,
  idx,
  role,
  delayMs: 0,
  judge: status === 'to_verify',
  priority: run.priority,
})

function recover(record: RecordModel, run: RunModel, idx: number, now: number): WakeUp {
  const task = run.tasks[idx] as TaskModel
  const delayMs = recoveryDelayMs(task.recoveries + 1)
  task.fence++
  task.recoveries++
  task.worker = null
  task.due = now + REWAKE_MS + delayMs
  task.notBefore = delayMs > 0 ? now + delayMs : null
  if (task.status === 'verifying') moveTask(run, idx, 'to_verify', null)
  else {
    task.kind = 'recovery'
    const pool = record.pools.get(task.role)
    if (pool) pool.running = Math.max(0, pool.running - 1)
    moveTask(run, idx, 'ready', 'task.recovered')
  }
  return { ...wakeUp(run, idx, task), delayMs }
}

/** Renews leases; answers the claims that are no longer held. */
export function modelHeartbeat(record: RecordModel, claims: readonly Claim[], leaseMs: number, now: number): Claim[] {
  return claims.filter((claim) => {
    const task = taskOf(record, claim)
    if (!task || task.fence !== claim.fence || !isHeld(task)) return true
    task.due = now + leaseMs
    return false
  })
}

/** A worker's earlier process is gone: those of its leases that have not run out, and that are `seen`, end now. */
export function modelExpireLeasesOf(
  record: RecordModel,
  worker: string,
  now: number,
  seen: (claim: Claim) => boolean = () => true,
): TaskRef[] {
  const held = [...record.runs.values()].filter(isLive).flatMap(({ id, tasks }) =>
    tasks.flatMap((task, idx) => {
      const ref = { runId: id, idx }
      const isEnded = task.worker === worker && isHeld(task) && !isOverdue(task.due, now)
      return isEnded && seen({ ...ref, fence: task.fence }) ? [{ ref, task }] : []
    }),
  )
  for (const { task } of held) task.due = now
  return held.map(({ ref }) => ref)
}

/** Counts the tasks that run anew; answers how many limits were wrong. */
export function modelRecountPools(record: RecordModel): number {
  let wrong = 0
  for (const [role, pool] of record.pools) {
    const running = [...record.runs.values()]
      .filter(isLive)
      .flatMap(({ tasks }) => tasks.filter((task) => task.role === role && task.status === 'in_progress')).length
    if (running !== pool.running) wrong++
    pool.running = running
  }
  return wrong
}
