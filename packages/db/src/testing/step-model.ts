import type { AttemptKind, StoredTaskStatus } from '@flotilla/domain'
import type { ClaimedTask, Settlement, StepInput, StepResult, TaskRef, Verb, WakeUp } from '../tasks/step.ts'
import {
  isClaimable,
  isFree,
  moveTask,
  REWAKE_MS,
  taskOf,
  type RecordModel,
  type RunModel,
  type TaskModel,
} from './record-model.ts'

export type ModelSettlement = Omit<Settlement, 'data'>
export type ModelStepInput = Omit<StepInput, 'settlements'> &
  Readonly<{
    settlements: readonly ModelSettlement[]
    now: number
    /** Which of several tasks, when not all can be claimed; the order of the input where it does not say. */
    prefer?: (ref: TaskRef) => boolean
  }>

const AFTER: Readonly<Record<Verb, (judged: boolean) => StoredTaskStatus>> = {
  complete: () => 'completed',
  fail: () => 'failed',
  verify: () => 'to_verify',
  revise: () => 'revising',
  retry: (judged) => (judged ? 'to_verify' : 'ready'),
  release: (judged) => (judged ? 'to_verify' : 'ready'),
  await: () => 'awaiting_approval',
  drop: () => 'skipped',
}
const KIND: Readonly<Partial<Record<Verb, AttemptKind>>> = {
  retry: 'retry',
  release: 'continuation',
  revise: 'revision',
  await: 'continuation',
}
const EVENT: Readonly<Record<Verb, (judged: boolean) => string | null>> = {
  complete: () => 'task.completed',
  fail: () => 'task.failed',
  verify: () => 'task.verifying',
  revise: () => 'task.revising',
  retry: (judged) => (judged ? null : 'task.retrying'),
  release: () => null,
  await: () => 'approval.requested',
  drop: () => 'task.skipped',
}
/** Whatever else the verb does, the task rests until somebody decides, or for good. */
const RESTS: ReadonlySet<Verb> = new Set(['complete', 'fail', 'await', 'drop'])

/** `asked`: by a wake-up; the others were made ready, or up for a revision, by this step. */
type Candidate = Readonly<{ run: RunModel; idx: number; task: TaskModel; asked: boolean }>

/** What the record answers to a step, and what it says from then on. */
export function modelStep(record: RecordModel, input: ModelStepInput): StepResult {
  const live = liveRuns(record, input)
  const settled = input.settlements.flatMap((settlement, n) => (settleOne(record, settlement, input.now) ? [n] : []))
  const took = settled.map((n) => input.settlements[n] as ModelSettlement)
  const skipped = took
    .filter(({ verb }) => verb === 'fail')
    .flatMap(({ runId }) => skipBehind(record.runs.get(runId) as RunModel))
  const open = candidates(record, input, took, skipped, live)
  const taken = choose(record, input, open, live)
  const claimed: ClaimedTask[] = []
  const wake: WakeUp[] = []
  const wait: WakeUp[] = []
  for (const each of open) {
    if (taken.has(each)) claimed.push(claimOne(record, each, input))
    else {
      if (each.task.status === 'pending') moveTask(each.run, each.idx, 'ready', 'task.ready')
      each.task.due = input.now + REWAKE_MS
      each.task.worker = null
      // A paused run's are woken by its resume.
      if (live.has(each.run)) (each.asked ? wait : wake).push(wakeUp(each.run, each.idx, each.task, 0, false))
    }
  }
  for (const { runId, idx, verb, delayMs, judged } of took) {
    if (verb !== 'retry' && verb !== 'verify' && verb !== 'release') continue
    const run = record.runs.get(runId) as RunModel
    if (!live.has(run)) continue
    wake.push(wakeUp(run, idx, run.tasks[idx] as TaskModel, delayMs, verb === 'verify' || judged))
  }
  return { settled, claimed, wake, wait, closed: closeRuns(record, took, live, input.now) }
}

const wakeUp = (run: RunModel, idx: number, { role }: TaskModel, delayMs: number, judge: boolean): WakeUp => ({
  runId: run.id,
  idx,
  role,
  delayMs,
  judge,
  priority: run.priority,
})

function liveRuns(record: RecordModel, { settlements, claims }: ModelStepInput): ReadonlySet<RunModel> {
  const runs = [...settlements, ...claims].flatMap(({ runId }) => record.runs.get(runId) ?? [])
  return new Set(runs.filter((run) => run.status === 'executing'))
}

function settleOne(record: RecordModel, settlement: ModelSettlement, now: number): boolean {
  const { idx, fence, judged, verb, delayMs } = settlement
  const run = record.runs.get(settlement.runId)
  const task = run?.tasks[idx]
  if (!run || !task || task.fence !== fence || task.status !== (judged ? 'verifying' : 'in_progress')) return false
  if (!judged || verb === 'revise' || verb === 'await') task.kind = KIND[verb] ?? task.kind
  if (verb === 'revise') task.revisions++
  task.due = RESTS.has(verb) ? null : now + REWAKE_MS + delayMs
  task.notBefore = delayMs > 0 ? now + delayMs : null
  task.worker = null
  moveTask(run, idx, AFTER[verb](judged), EVENT[verb](judged))
  if (verb === 'complete') run.completed++
  if (verb === 'fail') run.failed++
  if (verb === 'drop') run.skipped++
  if (verb === 'complete' || verb === 'fail' || verb === 'drop') run.todo--
  const pool = judged ? undefined : record.pools.get(task.role)
  if (pool) pool.running = Math.max(0, pool.running - 1)
  return true
}

function skipBehind(run: RunModel): TaskRef[] {
  const skipped: TaskRef[] = []
  const doomed = run.tasks.flatMap((task) => (task.status === 'failed' && !task.optional ? task.outs : []))
  for (let idx = doomed.pop(); idx !== undefined; idx = doomed.pop()) {
    const task = run.tasks[idx] as TaskModel
    if (task.status !== 'pending') continue
    moveTask(run, idx, 'skipped', 'task.skipped')
    task.due = null
    run.skipped++
    run.todo--
    skipped.push({ runId: run.id, idx })
    if (!task.optional) doomed.push(...task.outs)
  }
  return skipped
}

function candidates(
  record: RecordModel,
  { claims, now }: ModelStepInput,
  took: readonly ModelSettlement[],
  skipped: readonly TaskRef[],
  live: ReadonlySet<RunModel>,
): Candidate[] {
  const found = new Map<TaskModel, Candidate>()
  for (const { runId, idx } of claims) {
    const run = record.runs.get(runId)
    const task = run?.tasks[idx]
    if (!run || !task || !live.has(run) || !isClaimable(task)) continue
    if (task.notBefore === null || task.notBefore <= now) found.set(task, { run, idx, task, asked: true })
  }
  const named = new Set(claims.map((ref) => taskOf(record, ref)))
  for (const { runId, idx, verb } of took) {
    const run = record.runs.get(runId) as RunModel
    const own = run.tasks[idx] as TaskModel
    if (verb === 'revise' && !named.has(own)) found.set(own, { run, idx, task: own, asked: false })
  }
  const given = took.filter(({ verb }) => verb === 'complete')
  const left = [...took.filter(({ verb }) => verb === 'fail' || verb === 'drop'), ...skipped]
  for (const { runId, idx } of [...given, ...left.filter((ref) => taskOf(record, ref)?.optional)]) {
    const run = record.runs.get(runId) as RunModel
    for (const out of (run.tasks[idx] as TaskModel).outs) {
      const task = run.tasks[out] as TaskModel
      if (task.status === 'pending' && isFree(run, task)) found.set(task, { run, idx: out, task, asked: false })
    }
  }
  return [...found.values()]
}

/** Wake-ups first, then what this step has opened up, as far as the limits and `cap` allow. */
function choose(
  record: RecordModel,
  { cap, served, prefer }: ModelStepInput,
  open: readonly Candidate[],
  live: ReadonlySet<RunModel>,
): ReadonlySet<Candidate> {
  const taken = new Set<Candidate>()
  const used = new Map<string, number>()
  let left = cap
  const ranked = prefer ? open.toSorted((a, b) => Number(prefer(refOf(b))) - Number(prefer(refOf(a)))) : open
  for (const each of [...ranked.filter(({ asked }) => asked), ...ranked.filter(({ asked }) => !asked)]) {
    const { role, status } = each.task
    if (!each.asked && (left === 0 || !live.has(each.run) || !(served?.includes(role) ?? true))) continue
    const pool = status === 'to_verify' ? undefined : record.pools.get(role)
    const more = used.get(role) ?? 0
    if (pool && pool.running + more >= pool.max) continue
    if (pool) used.set(role, more + 1)
    if (!each.asked) left--
    taken.add(each)
  }
  return taken
}

const refOf = ({ run, idx }: Candidate): TaskRef => ({ runId: run.id, idx })

function claimOne(
  record: RecordModel,
  { run, idx, task }: Candidate,
  { now, leaseMs, worker }: ModelStepInput,
): ClaimedTask {
  const judge = task.status === 'to_verify'
  if (task.status === 'pending') run.log.push(`task.ready ${idx}`)
  task.fence++
  task.worker = worker
  task.notBefore = null
  task.due = now + leaseMs
  if (!judge) {
    task.attempt++
    if (task.kind === 'first' || task.kind === 'retry') task.tries++
    if (task.kind === 'continuation') task.continuations++
    const pool = record.pools.get(task.role)
    if (pool) pool.running++
  }
  moveTask(run, idx, judge ? 'verifying' : 'in_progress', judge ? null : 'task.started')
  const { fence, attempt, kind, tries, recoveries, revisions, continuations, role } = task
  return {
    runId: run.id,
    idx,
    fence,
    attempt,
    kind,
    tries,
    recoveries,
    revisions,
    continuations,
    judge,
    role,
    workspaceId: run.workspaceId,
  }
}

function closeRuns(
  record: RecordModel,
  took: readonly ModelSettlement[],
  live: ReadonlySet<RunModel>,
  now: number,
): number[] {
  const moved = new Set(took.map(({ runId }) => record.runs.get(runId) as RunModel))
  return [...moved].flatMap((run) => {
    if (!live.has(run) || run.todo > 0) return []
    run.status = 'verifying'
    run.due = now + REWAKE_MS
    run.log.push('run.verifying null')
    return [run.id]
  })
}
