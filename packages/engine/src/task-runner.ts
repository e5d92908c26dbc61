import type { StopSignals } from '@flotilla/agents'
import type { ClaimedTask, Settlement, Started, StepInput, StepResult, TaskRef, Unparked, WakeUp } from '@flotilla/db'
import { systemScheduler, type Scheduler } from '@flotilla/runtime'
import { Committer, isTransientDbError } from './committer.ts'
import type { HeldClaims } from './held-claims.ts'
import { Intake } from './intake.ts'
import { KeptTasks } from './kept-tasks.ts'
import { ParkedTasks } from './parked-tasks.ts'
import { endingSoon, isContended, isWorthADraw, meanTaskMs, splitReady, tasksWanted, type Places } from './shares.ts'
import { Slots } from './slots.ts'
import { wakeUpsOf, type TaskDelivery } from './task-delivery.ts'
import type { WakeUpCounts } from './wake-up-counts.ts'

export type TaskTrouble = 'step' | 'slot' | 'settle' | 'park'

export type TaskRunnerDeps = Readonly<{
  concurrency: number
  worker: string
  leaseMs: number
  step: (input: StepInput) => Promise<StepResult>
  /** Runs a claimed task to its settlement. Never throws. */
  run: (task: ClaimedTask, stop: StopSignals) => Promise<Settlement>
  held: HeldClaims
  served: () => readonly string[] | null
  /** Ready tasks without a place, in the record: `roles` are those to draw, `tell` has other processes look. */
  parked: Readonly<{
    roles: () => readonly string[]
    park: (tasks: readonly TaskRef[]) => Promise<void>
    unpark: (input: Readonly<{ roles: readonly string[]; n: number; started: readonly Started[] }>) => Promise<Unparked>
    tell: () => void
  }>
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

/** A slot goes on with what it made ready this long; then deliveries that wait for one go first. */
const SLICE_MS = 2_000
/** How long a delivery waits for a slot before it is parked, and a surplus ready task for a taker before it is given up. */
const HOLD_MS = 25
/** Deliveries that may wait for a slot before fetching stops: enough to refill slots, few enough to park. */
const MAX_WAITING = 2
/** Without a free slot the queue is looked at this often: what comes is parked, so that a newcomer is seen. */
const FULL_FETCH_MS = 50
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
  readonly #intake: Intake
  readonly #kept: KeptTasks
  readonly #parked: ParkedTasks
  /** Tasks that run, by workspace. */
  readonly #workspaces = new Map<number, number>()
  /** How long tasks take. */
  #meanMs: number | null = null
  /** Whether the last step made more ready than it claimed: then the next will fill what is kept, too. */
  #surplus = false
  readonly #committer: Committer
  readonly #tree = new Map<string, number>()
  /** Tasks that wait at a limit, and until when the next wake-up that this process has sent is on its way. */
  readonly #retrying = new Map<string, number>()
  readonly #running = new Set<Promise<unknown>>()
  readonly #wakeUps = { delivered: 0, nothing: 0, returned: 0 }
  #draining = false
  #wasContended = false

  constructor(deps: TaskRunnerDeps) {
    this.#deps = deps
    const scheduler = deps.scheduler ?? systemScheduler
    this.#scheduler = scheduler
    this.#intake = new Intake(deps.intake, scheduler)
    this.#slots = new Slots(deps.concurrency, () => this.#onFreeSlot(), scheduler)
    this.#kept = new KeptTasks(2 * deps.concurrency, HOLD_MS, (tasks) => this.#handBack(tasks), scheduler)
    this.#parked = new ParkedTasks({
      ...deps.parked,
      wanted: () => tasksWanted(this.#places()),
      onDrawn: (tasks) => this.#startOrKeep(tasks),
      onLooked: () => this.#onLooked(),
      wake: deps.wake,
      track: (work) => this.#track(work),
      onError: (error) => deps.onError('park', error),
      scheduler,
    })
    this.#committer = new Committer({
      step: deps.step,
      worker: deps.worker,
      leaseMs: deps.leaseMs,
      served: deps.served,
      reserve: (n) => (this.#draining ? 0 : this.#slots.tryTake(n)),
      unreserve: (n) => this.#slots.release(n),
      draw: (n, except) => this.#drawKept(n, except),
      putBack: (tasks) => (this.#draining ? deps.wake(tasks) : this.#kept.keep(tasks, this.#scheduler.now())),
      mayGoOn: () => !this.#isContended(),
      onExtra: (task) => this.#track(this.#slot(task, this.#scheduler.now())),
      onStep: (result, settlements) => this.#onStep(result, settlements),
      isTransient: isTransientDbError,
      pause: (ms) => new Promise((resolve) => void scheduler.after(ms, resolve)),
      scheduler,
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
    this.#parked.glance()
    const crowded = this.#parked.waiting.length > 0
    const mayTake = !this.#draining && !this.#isContended()
    const place = mayTake && (await this.#slots.take(crowded ? 0 : HOLD_MS))
    if (!place || this.#draining) {
      if (place) this.#slots.release()
      this.#wakeUps.returned += delivery.refs.length
      return this.#leave(wakeUpsOf(delivery, delivery.refs))
    }
    if (delivery.treeParent !== null)
      return this.#deliverTree(delivery, delivery.refs[0] as TaskRef, delivery.treeParent)
    const taken = 1 + this.#slots.tryTake(delivery.refs.length - 1)
    this.#keep(wakeUpsOf(delivery, delivery.refs.slice(taken)))
    const begin = async (ref: TaskRef): Promise<void> => {
      if (!(await this.#claimAndStart(ref))) this.#wakeUps.nothing += 1
    }
    await Promise.all(delivery.refs.slice(0, taken).map(begin))
  }

  /** What has no place here: to the record, or with the process on its way out, to the queue. */
  async #leave(tasks: readonly WakeUp[]): Promise<void> {
    if (this.#draining) return this.#deps.wake(tasks)
    this.#pauseIntake()
    await this.#parked.park(tasks)
  }

  /** More may be parked. Who knows that something is, and has no place, is told nothing new by that, and looks in a moment anyway. */
  lookForParked(): void {
    if (this.#draining || (this.#slots.free === 0 && this.#parked.waiting.length > 0)) return
    this.#parked.look()
  }

  /** Stops taking work; resolves when what runs has settled. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#parked.stop()
    this.#intake.stop()
    this.#kept.expire(this.#scheduler.now(), true)
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }

  /** False when there is nothing to do. The place is given back then. */
  async #claimAndStart(ref: TaskRef): Promise<boolean> {
    const task = await this.#committer.claim(ref)
    if (task === null) this.#slots.release()
    else this.#track(this.#slot(task, this.#scheduler.now()))
    return task !== null
  }

  async #deliverTree(delivery: TaskDelivery, ref: TaskRef, parent: number): Promise<void> {
    const task = await this.#committer.claim(ref)
    if (task === null) {
      this.#wakeUps.nothing += 1
      return this.#slots.release()
    }
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

  /** The queue was emptied, and the trees with it: from now on nothing that is made ready is left to them. */
  distrustTrees(): void {
    this.#tree.clear()
  }

  /** Runs a claimed task, then whatever its settlement hands on, until the slice is over. Holds one slot throughout. */
  async #slot(first: ClaimedTask, since: number): Promise<void> {
    let task: ClaimedTask | null = first
    try {
      while (task !== null) {
        const stop = this.#deps.held.hold(task)
        this.#countRunning(task, 1)
        const startedAt = this.#scheduler.now()
        const settlement = await this.#deps.run(task, stop)
        this.#meanMs = meanTaskMs(this.#meanMs, this.#scheduler.now() - startedAt)
        const others = this.#slots.waiting > 0
        const sticky = !this.#draining && !others && this.#scheduler.now() - since < SLICE_MS
        const settled = await this.#settle(task, settlement, sticky)
        this.#countRunning(task, -1)
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
      if (mine && !this.#draining) keep.push(wakeUp)
      else send.push(wakeUp)
    }
    this.#parked.noteStarts(result.claimed, this.#isContended())
    this.#surplus = keep.length > 0
    this.#keep(keep)
    this.#drawAhead()
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
   * that; when in doubt, it does not.
   */
  #treeWillWake(wakeUp: WakeUp, settlements: readonly Settlement[]): boolean {
    if (this.#draining || this.#tree.size === 0 || wakeUp.judge || wakeUp.delayMs > 0) return false
    return settlements.some(
      (s) => s.runId === wakeUp.runId && s.verb === 'complete' && this.#tree.get(taskKey(s)) === wakeUp.idx,
    )
  }

  #track(work: Promise<unknown>): void {
    this.#running.add(work)
    void work.finally(() => this.#running.delete(work))
  }

  #countRunning({ workspaceId }: ClaimedTask, by: 1 | -1): void {
    const n = (this.#workspaces.get(workspaceId) ?? 0) + by
    if (n > 0) this.#workspaces.set(workspaceId, n)
    else this.#workspaces.delete(workspaceId)
  }

  #isContended(): boolean {
    return isContended(this.#parked.waiting, this.#workspaces.keys())
  }

  #places(): Places {
    const soon = endingSoon(this.active, this.#meanMs)
    return { free: this.#slots.free, soon, kept: this.#kept.size, places: this.#slots.size }
  }

  /** For a step that begins: what it leaves too little of is drawn while it is under way, so that the next one has as many. */
  #drawKept(n: number, except: ReadonlySet<number>): WakeUp[] {
    const drawn = this.#kept.draw(n, this.#scheduler.now(), except)
    if (!this.#surplus) this.#drawAhead()
    return drawn
  }

  /** Ready tasks for places that are free, or about to be; where others wait, the record says who has those. */
  #keep(tasks: readonly WakeUp[]): void {
    if (tasks.length === 0) return
    if (this.#isContended()) return this.#track(this.#parked.park(tasks))
    // Should others wait from the next look on, what is kept now goes before none of them either.
    this.#wasContended = false
    this.#startOrKeep(tasks)
  }

  #startOrKeep(tasks: readonly WakeUp[]): void {
    const taken = this.#slots.tryTake(tasks.length)
    for (const task of tasks.slice(0, taken)) this.#track(this.#claimAndStart(task))
    if (tasks.length > taken) this.#kept.keep(tasks.slice(taken), this.#scheduler.now())
  }

  /** A place that came free, and that no step has filled. */
  #startKept(): void {
    if (this.#kept.size === 0 || this.#slots.tryTake(1) === 0) return
    for (const task of this.#kept.draw(1, this.#scheduler.now())) this.#track(this.#claimAndStart(task))
  }

  /** Others wait since the last look: what is kept here goes before none of them. */
  #onLooked(): void {
    const contended = this.#isContended()
    if (contended && !this.#wasContended) this.#kept.expire(this.#scheduler.now(), true)
    this.#wasContended = contended
  }

  /**
   * Ready tasks that found no slot here. While nothing is known to wait, another worker may have a slot for the first of them,
   * and the queue finds it.
   */
  #handBack(tasks: readonly WakeUp[]): void {
    if (this.#draining) return this.#deps.wake(tasks)
    this.#pauseIntake()
    const crowded = this.#parked.waiting.length > 0
    const { wake, park } = crowded ? { wake: [], park: tasks } : splitReady(tasks, new Set())
    if (wake.length > 0) this.#deps.wake(wake)
    this.#track(this.#parked.park(park))
  }

  /** With a place free nothing would start the fetching again: one may have come free since the caller looked. */
  #pauseIntake(): void {
    if (this.#slots.free === 0) this.#intake.rest(FULL_FETCH_MS)
  }

  #onFreeSlot(): void {
    if (this.#draining) return
    this.#startKept()
    if (this.#slots.free > 0) this.#intake.resume()
    this.#drawAhead()
  }

  #drawAhead(): void {
    if (this.#draining || this.#parked.waiting.length === 0) return
    if (isWorthADraw(this.#places())) this.#parked.look()
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'an unknown error')

const taskKey = (ref: TaskRef): string => `${ref.runId}/${ref.idx}`
