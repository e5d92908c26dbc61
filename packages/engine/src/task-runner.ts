import type { StopSignals } from '@flotilla/agents'
import type { ClaimedTask, Settlement, StepInput, StepResult, TaskRef, WakeUp } from '@flotilla/db'
import { systemScheduler, type Scheduler } from '@flotilla/runtime'
import { Committer, isTransientDbError } from './committer.ts'
import type { HeldClaims } from './held-claims.ts'
import { KeptTasks } from './kept-tasks.ts'
import { Slots } from './slots.ts'
import type { WakeUpCounts } from './wake-up-counts.ts'

export type TaskTrouble = 'step' | 'slot' | 'settle'

export type TaskRunnerDeps = Readonly<{
  concurrency: number
  worker: string
  leaseMs: number
  step: (input: StepInput) => Promise<StepResult>
  /** Runs a claimed task to its settlement. Never throws. */
  run: (task: ClaimedTask, stop: StopSignals) => Promise<Settlement>
  held: HeldClaims
  served: () => readonly string[] | null
  wake: (tasks: readonly WakeUp[]) => void
  /** After each commit: runs that have nothing left to do, and every run that moved. */
  onClosed: (runIds: readonly number[]) => void
  onMoved: (runIds: ReadonlySet<number>) => void
  /** Stops and restarts the fetching of deliveries. */
  intake: { pause(): void; resume(): void }
  /** `task`: the one that it befell, where it is one. */
  onError: (what: TaskTrouble, error: unknown, task?: ClaimedTask) => void
  random: () => number
  scheduler?: Scheduler
}>

/** `role` is the queue's; `treeParent` marks a node of a run's flow tree: the task above it, or -1 for the run itself. */
export type TaskDelivery = Readonly<{
  role: string
  judge: boolean
  refs: readonly TaskRef[]
  treeParent: number | null
  /** The run's. */
  priority: number
  signal: AbortSignal
}>

/** A slot goes on with what it made ready this long, then the queue decides again. */
const SLICE_MS = 2_000
/** How long a delivery waits for a slot, and a surplus ready task for a taker, before the queue has it back. */
const HOLD_MS = 25
/** Deliveries that may wait for a slot before fetching stops: enough to refill slots, few enough to hand back. */
const MAX_WAITING = 2
/** A claim that a fleet-wide limit refused is tried again after 250–500 ms. */
const LIMIT_RETRY_MS = 250

/**
 * Claims, runs and settles tasks of one process. A batched wake-up is acknowledged once its claims have committed; from then
 * on the lease alone owns the work. A tree job is held until its task settles, and only then may the tree wake its parent.
 */
export class TaskRunner {
  readonly #deps: TaskRunnerDeps
  readonly #scheduler: Scheduler
  readonly #slots: Slots
  readonly #kept: KeptTasks
  readonly #committer: Committer
  readonly #tree = new Map<string, number>()
  /** Tasks that wait at a limit, and until when the next wake-up that this process has sent is on its way. */
  readonly #retrying = new Map<string, number>()
  readonly #running = new Set<Promise<void>>()
  readonly #wakeUps = { delivered: 0, nothing: 0, returned: 0 }
  #draining = false
  #paused = false

  constructor(deps: TaskRunnerDeps) {
    this.#deps = deps
    const scheduler = deps.scheduler ?? systemScheduler
    this.#scheduler = scheduler
    this.#slots = new Slots(deps.concurrency, () => this.#onFreeSlot(), scheduler)
    this.#kept = new KeptTasks(2 * deps.concurrency, HOLD_MS, (tasks) => this.#handBack(tasks), scheduler)
    this.#committer = new Committer({
      step: deps.step,
      worker: deps.worker,
      leaseMs: deps.leaseMs,
      served: deps.served,
      reserve: (n) => (this.#draining ? 0 : this.#slots.tryTake(n)),
      unreserve: (n) => this.#slots.release(n),
      draw: (n) => this.#kept.draw(n, this.#scheduler.now()),
      putBack: (tasks) => (this.#draining ? deps.wake(tasks) : this.#kept.keep(tasks, this.#scheduler.now())),
      onExtra: (task) => this.#track(this.#slot(task, this.#scheduler.now())),
      onStep: (result, settlements) => this.#onStep(result, settlements),
      isTransient: isTransientDbError,
      pause: (ms) => new Promise((resolve) => void scheduler.after(ms, resolve)),
      soon: (call) => scheduler.soon(call),
      random: deps.random,
      onRetry: (error) => deps.onError('step', error),
    })
  }

  get active(): number {
    return this.#slots.size - this.#slots.free
  }

  /** Of wake-ups that were delivered; a task that is kept and claimed with a settlement counts no second time. */
  get wakeUps(): WakeUpCounts['tasks'] {
    return { ...this.#wakeUps }
  }

  /** Resolves when the delivery may be acknowledged. Never rejects. */
  deliver(delivery: TaskDelivery): Promise<void> {
    const work = this.#deliver(delivery)
    // A claim under way when draining begins may still be had: what it starts is waited for, too.
    this.#track(work)
    return work
  }

  async #deliver(delivery: TaskDelivery): Promise<void> {
    this.#wakeUps.delivered += delivery.refs.length
    if (this.#slots.waiting >= MAX_WAITING) this.#pauseIntake()
    const place = !this.#draining && (await this.#slots.take(HOLD_MS))
    if (!place || this.#draining) {
      if (place) this.#slots.release()
      else if (!this.#draining) this.#pauseIntake()
      this.#wakeUps.returned += delivery.refs.length
      this.#deps.wake(wakeUpsOf(delivery, delivery.refs))
      return
    }
    if (delivery.treeParent !== null)
      return this.#deliverTree(delivery, delivery.refs[0] as TaskRef, delivery.treeParent)
    const taken = 1 + this.#slots.tryTake(delivery.refs.length - 1)
    if (delivery.refs.length > taken)
      this.#kept.keep(wakeUpsOf(delivery, delivery.refs.slice(taken)), this.#scheduler.now())
    await Promise.all(delivery.refs.slice(0, taken).map((ref) => this.#claimAndStart(ref)))
  }

  /** Stops taking work; resolves when what runs has settled. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#kept.expire(this.#scheduler.now(), true)
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }

  /** Null when the wake-up finds nothing to do. */
  async #claim(ref: TaskRef): Promise<ClaimedTask | null> {
    const task = await this.#committer.claim(ref)
    if (task === null) this.#wakeUps.nothing += 1
    return task
  }

  async #claimAndStart(ref: TaskRef): Promise<void> {
    const task = await this.#claim(ref)
    if (task === null) return this.#slots.release()
    this.#track(this.#slot(task, this.#scheduler.now()))
  }

  async #deliverTree(delivery: TaskDelivery, ref: TaskRef, parent: number): Promise<void> {
    const task = await this.#claim(ref)
    if (task === null) return this.#slots.release()
    const key = taskKey(task)
    this.#tree.set(key, parent)
    const abort = (): void => {
      // Another delivery of the job may have been acknowledged meanwhile, and the one above it with it.
      this.#tree.delete(key)
      this.#deps.held.stop(task, 'lease_lost')
    }
    delivery.signal.addEventListener('abort', abort, { once: true })
    const work = this.#slot(task, Number.NEGATIVE_INFINITY)
    this.#track(work)
    await work.finally(() => {
      this.#tree.delete(key)
      delivery.signal.removeEventListener('abort', abort)
    })
  }

  /** The queue was emptied, and the trees with it: from now on every task made ready is woken plainly. */
  distrustTrees(): void {
    this.#tree.clear()
  }

  /** Runs a claimed task, then whatever its settlement hands on, until the slice is over. Holds one slot throughout. */
  async #slot(first: ClaimedTask, since: number): Promise<void> {
    let task: ClaimedTask | null = first
    try {
      while (task !== null) {
        const stop = this.#deps.held.hold(task)
        const settlement = await this.#deps.run(task, stop)
        const sticky = !this.#draining && this.#scheduler.now() - since < SLICE_MS
        const settled = await this.#settle(task, settlement, sticky)
        this.#deps.held.release(task)
        task = settled
      }
    } catch (error) {
      this.#deps.onError('slot', error, task ?? undefined)
    } finally {
      this.#slots.release()
    }
  }

  async #settle(task: ClaimedTask, settlement: Settlement, sticky: boolean): Promise<ClaimedTask | null> {
    const settled = await this.#committer.settle(settlement, sticky)
    if (settled.error === undefined) return settled.next
    this.#deps.onError('settle', settled.error, task)
    const message = messageOf(settled.error)
    const { kind, usage, spent } = settlement.data
    const failed: Settlement = {
      ...settlement,
      verb: 'fail',
      delayMs: 0,
      data: {
        kind,
        ...(usage ? { usage } : {}),
        ...(spent ? { spent } : {}),
        error: { code: 'internal', message: `the outcome cannot be recorded: ${message}` },
        event: { error: { code: 'internal', message: 'the outcome cannot be recorded' } },
      },
    }
    return (await this.#committer.settle(failed, sticky)).next
  }

  #onStep(result: StepResult, settlements: readonly Settlement[]): void {
    const keep: WakeUp[] = []
    const send: WakeUp[] = []
    const served = this.#deps.served()
    for (const wakeUp of result.wake) {
      if (this.#treeWillWake(wakeUp, settlements)) continue
      const mine = wakeUp.delayMs === 0 && !wakeUp.judge && (served === null || served.includes(wakeUp.role))
      if (mine && this.#tree.size === 0 && !this.#draining) keep.push(wakeUp)
      else send.push(wakeUp)
    }
    if (keep.length > 0) this.#kept.keep(keep, this.#scheduler.now())
    const wait = this.#retries(result.wait)
    if (send.length + wait.length > 0) this.#deps.wake([...send, ...wait])
    if (result.closed.length > 0) this.#deps.onClosed(result.closed)
    const moved = new Set<number>()
    for (const n of result.settled) moved.add((settlements[n] as Settlement).runId)
    for (const task of result.claimed) moved.add(task.runId)
    if (moved.size > 0) this.#deps.onMoved(moved)
  }

  /** Claims that a limit refused, to be tried again; one whose wake-up is on its way has that, however often it was delivered. */
  #retries(refused: readonly WakeUp[]): WakeUp[] {
    const now = this.#scheduler.now()
    const fresh = refused.filter((wakeUp) => (this.#retrying.get(taskKey(wakeUp)) ?? now) <= now)
    return fresh.map((wakeUp) => {
      const delayMs = Math.round(LIMIT_RETRY_MS * (1 + this.#deps.random()))
      // Over before the wake-up can come, whatever clock it goes by, and by the time alone: a timer may be late.
      const until = now + delayMs * 0.8
      this.#retrying.set(taskKey(wakeUp), until)
      this.#scheduler.after(delayMs, () => this.#forgetRetry(taskKey(wakeUp), until))
      return { ...wakeUp, delayMs }
    })
  }

  #forgetRetry(key: string, until: number): void {
    if (this.#retrying.get(key) === until) this.#retrying.delete(key)
  }

  /**
   * The tree wakes a task only if the delivery that made it ready is the job below it, and this process lives to acknowledge
   * that; when in doubt, wake it.
   */
  #treeWillWake(wakeUp: WakeUp, settlements: readonly Settlement[]): boolean {
    if (this.#draining || this.#tree.size === 0 || wakeUp.judge || wakeUp.delayMs > 0) return false
    return settlements.some(
      (s) => s.runId === wakeUp.runId && s.verb === 'complete' && this.#tree.get(taskKey(s)) === wakeUp.idx,
    )
  }

  #track(work: Promise<void>): void {
    this.#running.add(work)
    void work.finally(() => this.#running.delete(work))
  }

  /** Ready tasks that found no slot here: another worker may have one, and this one none until a slot is free. */
  #handBack(tasks: readonly WakeUp[]): void {
    if (!this.#draining) this.#pauseIntake()
    this.#deps.wake(tasks)
  }

  /** With a place free nothing would start the fetching again: one may have come free since the caller looked. */
  #pauseIntake(): void {
    if (this.#paused || this.#slots.free > 0) return
    this.#paused = true
    this.#deps.intake.pause()
  }

  #onFreeSlot(): void {
    if (!this.#paused || this.#draining) return
    this.#paused = false
    this.#deps.intake.resume()
  }
}

const wakeUpsOf = (delivery: TaskDelivery, refs: readonly TaskRef[]): WakeUp[] =>
  refs.map((ref) => ({
    ...ref,
    role: delivery.role,
    delayMs: 0,
    judge: delivery.judge,
    priority: delivery.priority,
  }))

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'an unknown error')

const taskKey = (ref: TaskRef): string => `${ref.runId}/${ref.idx}`
