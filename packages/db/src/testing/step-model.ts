import type { AttemptKind, RunStatus, StoredTaskStatus } from '@flotilla/domain'
import type { Verb } from '../tasks/step.ts'

/** What the record says of one run, as far as steps move it; kept by plain code to hold the SQL against. */
export type ModelTask = {
  status: StoredTaskStatus
  fence: number
  attempt: number
  kind: AttemptKind
  tries: number
  recoveries: number
  revisions: number
  continuations: number
}
export type Model = {
  readonly deps: readonly (readonly number[])[]
  tasks: ModelTask[]
  status: RunStatus
  todo: number
  completed: number
  failed: number
  skipped: number
  /** Types of the events so far, without progress. */
  log: string[]
}
export type ModelSettlement = Readonly<{ idx: number; fence: number; judged: boolean; verb: Verb }>

export function newModel(deps: readonly (readonly number[])[]): Model {
  const tasks = deps.map((own): ModelTask => ({
    status: own.length === 0 ? 'ready' : 'pending',
    fence: 0,
    attempt: 0,
    kind: 'first',
    tries: 0,
    recoveries: 0,
    revisions: 0,
    continuations: 0,
  }))
  return { deps, tasks, status: 'executing', todo: deps.length, completed: 0, failed: 0, skipped: 0, log: [] }
}

const AFTER: Readonly<Record<Verb, (judged: boolean) => StoredTaskStatus>> = {
  complete: () => 'completed',
  fail: () => 'failed',
  verify: () => 'to_verify',
  revise: () => 'revising',
  retry: (judged) => (judged ? 'to_verify' : 'ready'),
  release: (judged) => (judged ? 'to_verify' : 'ready'),
  await: () => 'awaiting_approval',
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
}
const CLAIMABLE: ReadonlySet<StoredTaskStatus> = new Set(['ready', 'revising', 'to_verify'])

export type ModelStep = Readonly<{
  /** Positions of the settlements that take effect. */
  settled: readonly number[]
  /** Made ready by this step. */
  ready: readonly number[]
  /** Made ready, or up for a revision: what `cap` is for. */
  open: readonly number[]
  /** Claimable among `claims`. */
  woken: readonly number[]
  claimed: readonly number[]
  closed: boolean
}>

/** `picked`: what the step has claimed; how many of the open tasks it may and has to take is for the caller to judge. */
export function modelStep(
  model: Model,
  input: Readonly<{ settlements: readonly ModelSettlement[]; claims: readonly number[] }>,
  picked: readonly number[],
): ModelStep {
  const live = model.status === 'executing'
  const settled = input.settlements.flatMap((settlement, n) => (settleOne(model, settlement) ? [n] : []))
  const took = settled.map((n) => input.settlements[n] as ModelSettlement)
  skipBehind(model)
  const woken = live ? [...new Set(input.claims)].filter((idx) => isClaimable(model, idx)) : []
  const ready = model.tasks.flatMap((task, idx) => (task.status === 'pending' && isFree(model, idx) ? [idx] : []))
  for (const idx of ready) move(model, idx, 'ready', 'task.ready')
  const open = [...ready, ...took.filter((s) => s.verb === 'revise').map((s) => s.idx)]
  const claimed = [...new Set([...woken, ...picked.filter((idx) => open.includes(idx))])]
  for (const idx of claimed) claimOne(model, idx)
  return { settled, ready, open, woken, claimed, closed: close(model) }
}

const isClaimable = (model: Model, idx: number): boolean => CLAIMABLE.has((model.tasks[idx] as ModelTask).status)

function settleOne(model: Model, { idx, fence, judged, verb }: ModelSettlement): boolean {
  const task = model.tasks[idx] as ModelTask
  if (task.fence !== fence || task.status !== (judged ? 'verifying' : 'in_progress')) return false
  if (!judged || verb === 'revise') task.kind = KIND[verb] ?? task.kind
  if (verb === 'revise') task.revisions++
  move(model, idx, AFTER[verb](judged), EVENT[verb](judged))
  if (verb === 'complete') model.completed++
  if (verb === 'fail') model.failed++
  if (verb === 'complete' || verb === 'fail') model.todo--
  return true
}

function claimOne(model: Model, idx: number): void {
  const task = model.tasks[idx] as ModelTask
  task.fence++
  if (task.status === 'to_verify') return move(model, idx, 'verifying', null)
  task.attempt++
  if (task.kind === 'first' || task.kind === 'retry') task.tries++
  if (task.kind === 'continuation') task.continuations++
  move(model, idx, 'in_progress', 'task.started')
}

/** Leases of these tasks have run out. */
export function modelSweep(
  model: Model,
  lapsed: ReadonlySet<number>,
  maxRecoveries: number,
): { recovered: number[]; poisoned: number[] } {
  const held = model.tasks.flatMap(({ status }, idx) =>
    lapsed.has(idx) && (status === 'in_progress' || status === 'verifying') ? [idx] : [],
  )
  const poisoned = held.filter((idx) => (model.tasks[idx] as ModelTask).recoveries >= maxRecoveries)
  const recovered = held.filter((idx) => !poisoned.includes(idx))
  for (const idx of recovered) recoverOne(model, idx)
  return { recovered, poisoned }
}

function recoverOne(model: Model, idx: number): void {
  const task = model.tasks[idx] as ModelTask
  task.fence++
  task.recoveries++
  if (task.status === 'verifying') return move(model, idx, 'to_verify', null)
  task.kind = 'recovery'
  move(model, idx, 'ready', 'task.recovered')
}

function move(model: Model, idx: number, status: StoredTaskStatus, event: string | null): void {
  const task = model.tasks[idx] as ModelTask
  task.status = status
  if (event) model.log.push(`${event} ${idx}`)
}

const isFree = (model: Model, idx: number): boolean =>
  (model.deps[idx] ?? []).every((dep) => model.tasks[dep]?.status === 'completed')

function skipBehind(model: Model): void {
  for (let moved = true; moved;) {
    moved = false
    model.tasks.forEach((task, idx) => {
      const doomed = model.deps[idx]?.some((dep) => ['failed', 'skipped'].includes(model.tasks[dep]?.status ?? ''))
      if (task.status !== 'pending' || !doomed) return
      move(model, idx, 'skipped', 'task.skipped')
      model.skipped++
      model.todo--
      moved = true
    })
  }
}

function close(model: Model): boolean {
  if (model.todo > 0 || model.status !== 'executing') return false
  model.status = 'verifying'
  model.log.push('run.verifying null')
  return true
}
