import type { Claim, ClaimedTask, Settlement, StepInput, StepResult, TaskRef, Unparked, WakeUp } from '@flotilla/db'
import { JUDGING, type ModelDraw } from '@flotilla/db/model'
import { agentQueue, VERIFY_QUEUE, type Delivery } from '@flotilla/queue'
import { isTransientDbError } from '../committer.ts'
import { HeldClaims } from '../held-claims.ts'
import { nextSpared, reconcile } from '../reconcile.ts'
import { TaskRunner, type TaskRunnerDeps } from '../task-runner.ts'
import { Ledger, LONGEST_REST_MS } from './ledger.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { PlannedTask, PlannedWorker } from './schedule.ts'
import type { Violations } from './violations.ts'
import { executeTask } from './virtual-executor.ts'
import type { VirtualConsumer, VirtualQueue } from './virtual-queue.ts'
import { UNSTORABLE, type VirtualRecord } from './virtual-record.ts'
import { Process, type VirtualTime } from './virtual-time.ts'

export const LEASE_MS = 3_000
const HEARTBEAT_MS = 500
const SWEEP_MS = 1_000

export type WorkerDeps = Readonly<{
  time: VirtualTime
  random: Random
  network: Network
  record: VirtualRecord
  queue: VirtualQueue
  violations: Violations
  planned: (task: ClaimedTask) => PlannedTask
  /** The worker has died of a task. */
  onDeath: (worker: VirtualWorker) => void
  /** This worker has noticed that the queue was emptied. */
  onWiped: () => void
  /** This worker has left something to the record that others may have places for. */
  onParked: () => void
}>

/** One process of the fleet: the engine's own code, with the ports and loops that it has in a worker. */
export class VirtualWorker {
  readonly process: Process
  readonly held = new HeldClaims()
  readonly #deps: WorkerDeps
  readonly #planned: PlannedWorker
  readonly #ledger: Ledger
  readonly #agents: TaskRunner
  readonly #judges: TaskRunner
  readonly #consumers: VirtualConsumer[] = []
  /** Runs of tasks under way, by the runner that they take a place of. */
  readonly #running = new Map<TaskRunner, number>()
  /** Tasks that came to an outcome which cannot be stored. */
  readonly #unstorable = new Set<string>()
  /** Steps that have failed in passing: asked again, they are still the same. */
  readonly #resting = new WeakMap<StepInput, Readonly<{ answered: () => void; cancel: () => void }>>()
  #pausedAt: number | null = null
  #draining = false
  #spared = 0

  constructor(name: string, planned: PlannedWorker, deps: WorkerDeps) {
    this.process = new Process(name)
    this.#deps = deps
    this.#planned = planned
    this.#ledger = new Ledger({ ...deps, process: this.process })
    this.#agents = this.#createRunner(planned.roles, planned.roles)
    this.#judges = this.#createRunner([], [JUDGING])
    for (const role of planned.roles)
      this.#consume(agentQueue(role), this.#agents, (delivery, signal) =>
        this.#onTasks(this.#agents, role, false, delivery, signal),
      )
    this.#consume(VERIFY_QUEUE, this.#judges, (delivery, signal) =>
      delivery.kind === 'finish'
        ? this.#finishAll(delivery.runIds)
        : this.#onTasks(this.#judges, 'verifier', true, delivery, signal),
    )
    this.#loop(HEARTBEAT_MS, () => this.#beat())
    let round = 0
    if (planned.maintenance) this.#loop(SWEEP_MS, () => this.#reconcile(round++))
  }

  /** All at rest: no place taken, no claim held, nothing owed. */
  get isIdle(): boolean {
    return this.#agents.active === 0 && this.#judges.active === 0 && this.held.size === 0
  }

  distrustTrees(): void {
    this.#agents.distrustTrees()
  }

  die(): void {
    this.process.alive = false
    this.#deps.queue.leave(this.process)
  }

  /** As a worker stops: no more work, what runs yields and is stopped in the end. Answers when all is handed back. */
  async drain(drainMs: number): Promise<void> {
    this.#draining = true
    const tasks = Promise.all([this.#agents.drain(), this.#judges.drain()])
    for (const consumer of this.#consumers) consumer.closed = true
    this.held.yieldAll()
    this.#deps.time.after(drainMs, () => this.held.stopAll('shutdown'), this.process)
    await tasks
  }

  /** Whether it holds this claim, and could have renewed its lease all the time that one lasts. */
  isBlamedFor(claim: Claim): boolean {
    const { alive, troubledAt } = this.process
    return alive && this.#ledger.knows(claim) && troubledAt < this.#deps.time.now - LEASE_MS
  }

  /** After a drain that nothing came in the way of. */
  checkDrained(): void {
    if (!this.isIdle) this.#deps.violations.add('drained_with_work', this.process.name)
    if (!this.#ledger.isEmpty)
      this.#deps.violations.add('forgotten', `${this.process.name} ends and owes: ${this.#ledger.describe()}`)
  }

  /** After each of its calls. */
  check(): void {
    for (const runner of [this.#agents, this.#judges]) {
      const running = this.#running.get(runner) ?? 0
      if (runner.active < 0 || runner.active > this.#planned.concurrency || running > runner.active)
        this.#deps.violations.add(
          'places',
          `${this.process.name}: ${running} run in ${runner.active} places of ${this.#planned.concurrency}`,
        )
    }
    const running = [...this.#running.values()].reduce((sum, n) => sum + n, 0)
    if (running > this.held.size)
      this.#deps.violations.add('not_held', `${this.process.name} runs ${running}, and holds ${this.held.size}`)
    this.#checkIntake()
  }

  /** Whoever has all places free fetches. */
  #checkIntake(): void {
    const { time, violations } = this.#deps
    const stuck = !this.#draining && this.#consumers.some((each) => each.paused && this.#runnerOf(each).active === 0)
    if (!stuck) this.#pausedAt = null
    else if (this.#pausedAt === null) this.#pausedAt = time.now
    else if (time.now - this.#pausedAt > 200) {
      violations.add('fetching_stopped', `${this.process.name} is idle and does not fetch`)
      this.#pausedAt = Number.POSITIVE_INFINITY
    }
  }

  #runnerOf(consumer: VirtualConsumer): TaskRunner {
    return consumer.queue === VERIFY_QUEUE ? this.#judges : this.#agents
  }

  #createRunner(served: readonly string[], draws: readonly string[]): TaskRunner {
    const deps = this.#deps
    const consumers = (): VirtualConsumer[] => this.#consumers.filter((each) => this.#runnerOf(each) === runner)
    const runner: TaskRunner = new TaskRunner({
      concurrency: this.#planned.concurrency,
      worker: this.process.name,
      leaseMs: LEASE_MS,
      step: (input) => this.#step(input),
      run: (task, stop) => this.#run(runner, task, stop),
      held: this.held,
      served: () => served,
      parked: {
        roles: () => draws,
        park: (tasks) => this.#park(tasks),
        unpark: (input) => this.#unpark(input),
        tell: () => deps.onParked(),
      },
      wake: (tasks) => this.#wake(tasks),
      onClosed: (runIds) => runIds.forEach((runId) => this.#wakeFinish(runId)),
      onMoved: () => {},
      intake: {
        pause: () => consumers().forEach((each) => (each.paused = true)),
        resume: () => consumers().forEach((each) => deps.queue.resume(each)),
      },
      onError: (what, error) => {
        if (what === 'slot') deps.violations.add('broken', String(error))
      },
      random: deps.random.next,
      scheduler: deps.time.schedulerOf(this.process),
    })
    return runner
  }

  async #step(input: StepInput): Promise<StepResult> {
    for (const { runId, idx, data } of input.settlements)
      if (data.error?.code === 'internal' && !this.#unstorable.has(`${runId}/${idx}`))
        this.#deps.violations.add('outcome_lost', `task ${runId}/${idx}: ${data.error.message}`)
    this.#ledger.onClaim(input.claims)
    const rested = this.#resting.get(input)
    rested?.cancel()
    const answered = rested?.answered ?? this.#ledger.onStep()
    try {
      const result = await this.#deps.network.ask(this.process, () => this.#deps.record.step(input))
      answered()
      this.#ledger.onAnswer(result, input.claims)
      return result
    } catch (error) {
      if (isTransientDbError(error)) {
        this.#ledger.onCutOff(input.claims)
        this.#rest(input, answered)
      } else {
        answered()
        this.#ledger.onRefused(input.claims)
      }
      throw error
    }
  }

  #rest(input: StepInput, answered: () => void): void {
    const cancel = this.#deps.time.after(LONGEST_REST_MS, () => answered())
    this.#resting.set(input, { answered, cancel })
  }

  async #park(tasks: readonly TaskRef[]): Promise<void> {
    this.#ledger.onClaim(tasks)
    const answered = this.#ledger.onPark()
    try {
      await this.#deps.network.ask(this.process, () => this.#deps.record.park(tasks))
      this.#ledger.onParked(tasks)
    } catch (error) {
      this.#ledger.onRefused(tasks)
      throw error
    } finally {
      answered()
    }
  }

  async #unpark(input: ModelDraw): Promise<Unparked> {
    const drawn = await this.#deps.network.ask(this.process, () => this.#deps.record.unpark(input))
    this.#ledger.onDrawn(drawn.tasks)
    return drawn
  }

  lookForParked(): void {
    this.#agents.lookForParked()
    this.#judges.lookForParked()
  }

  async #run(runner: TaskRunner, task: ClaimedTask, stop: Parameters<TaskRunnerDeps['run']>[1]): Promise<Settlement> {
    this.#ledger.onRun(task)
    this.#running.set(runner, (this.#running.get(runner) ?? 0) + 1)
    const settlement = await executeTask(
      { ...this.#deps, process: this.process, die: () => this.#deps.onDeath(this) },
      task,
      stop,
    )
    this.#running.set(runner, (this.#running.get(runner) ?? 0) - 1)
    this.#ledger.onEnd(task)
    if (settlement.data.output?.text === UNSTORABLE) this.#unstorable.add(`${task.runId}/${task.idx}`)
    return settlement
  }

  #wake(tasks: readonly WakeUp[]): void {
    this.#ledger.onWake(tasks)
    this.#deps.queue.wakeTasks(tasks)
  }

  #wakeFinish(runId: number): void {
    this.#ledger.onFinish(runId)
    this.#deps.queue.wakeFinish(runId)
  }

  #consume(queue: string, runner: TaskRunner, handle: VirtualConsumer['handle']): void {
    const { concurrency } = this.#planned
    const consumer: VirtualConsumer = {
      process: this.process,
      queue,
      concurrency,
      handle,
      paused: false,
      closed: false,
      busy: 0,
    }
    this.#consumers.push(consumer)
    this.#deps.queue.consume(consumer)
  }

  async #onTasks(
    runner: TaskRunner,
    role: string,
    judge: boolean,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<void> {
    if (delivery.kind !== 'tasks') return
    const { refs, treeParent, priority } = delivery
    const since = this.#deps.time.now
    await runner.deliver({ role, judge, refs, treeParent, priority, signal })
    this.#ledger.onAcknowledge(refs, since)
  }

  async #finishAll(runIds: readonly number[]): Promise<void> {
    const { network, record } = this.#deps
    for (const runId of runIds) await network.ask(this.process, () => record.finish(runId)).catch(() => false)
  }

  async #beat(): Promise<void> {
    const { network, record } = this.#deps
    await this.held.renew(async (claims) => {
      const lost = await network.ask(this.process, () => record.heartbeat(claims, LEASE_MS))
      this.#ledger.onLost(lost)
      return lost
    })
  }

  async #reconcile(round: number): Promise<void> {
    const { network, record, queue } = this.#deps
    const ask = <T>(work: () => T): Promise<T> => network.ask(this.process, work)
    const done = await reconcile(
      {
        record: {
          sweep: async (input) => {
            const page = await ask(() => record.sweep(input))
            this.#ledger.onSweep(page)
            return page
          },
          knock: async () => {
            const tasks = await ask(() => record.knock())
            this.#ledger.onDrawn(tasks)
            return tasks
          },
          failUnstarted: async () => ({ failed: [], closed: [] }),
          expireApprovals: async () => [],
          dropOutlivedWaits: async () => [],
          readUnlearned: async () => [],
          recountPools: () => ask(() => record.recountPools()),
        },
        waiting: () => ask(() => queue.waiting()).catch(() => null),
        wiped: () => ask(() => queue.wiped()).catch(() => false),
        onWiped: () => this.#deps.onWiped(),
        wake: (tasks) => this.#wake(tasks),
        wakePlan: () => {},
        wakeFinish: ({ runId }) => this.#wakeFinish(runId),
        wakeLearn: () => {},
        settle: async (settlement) => {
          const input = {
            settlements: [settlement],
            claims: [],
            cap: 0,
            served: [],
            leaseMs: LEASE_MS,
            worker: this.process.name,
          }
          const { closed } = await ask(() => record.step(input))
          for (const runId of closed) this.#wakeFinish(runId)
        },
        onMoved: () => {},
      },
      round,
      { spared: this.#spared },
    )
    this.#spared = nextSpared(this.#spared, done)
  }

  #loop(ms: number, work: () => Promise<void>): void {
    const { time, random } = this.#deps
    const wait = (): void =>
      void time.after(
        ms * random.between(0.8, 1.2),
        () =>
          void work()
            .catch(() => {})
            .then(wait),
        this.process,
      )
    wait()
  }
}
