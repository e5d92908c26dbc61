import type { StopSignals } from '@flotilla/agents'
import {
  handBackRuns,
  heartbeat,
  JUDGING,
  park,
  readRoles,
  step,
  unpark,
  type ClaimedTask,
  type Settlement,
  type StepInput,
  type StepResult,
  type WakeUp,
} from '@flotilla/db'
import { createConsumer, LEARN_QUEUE, PLAN_QUEUE, VERIFY_QUEUE, type Consumer, type Delivery } from '@flotilla/queue'
import { TELL_EVERY_MS } from '@flotilla/domain'
import { createLoopService, loopTurn, type Service, within } from '@flotilla/runtime'
import { measureStep } from './engine-metrics.ts'
import { HeldClaims } from './held-claims.ts'
import { InFlight } from './in-flight.ts'
import { tellLate } from './late-usage.ts'
import { createMaintenance, type Maintenance, type MaintenanceDeps } from './maintenance.ts'
import { createPresence, placesOf, type Presence } from './presence.ts'
import { RoleConsumers } from './role-consumers.ts'
import { RunLeases } from './run-leases.ts'
import { stopAsked } from './stop-asked.ts'
import { findTaskFields } from './task-fields.ts'
import { TaskRunner, type TaskTrouble } from './task-runner.ts'
import type { WakeUpCounts } from './wake-up-counts.ts'
import type { WorkerEngineDeps } from './worker-engine-deps.ts'

/**
 * Runs that are planned, or learned from, at a time. What they ask of the record goes together: with half as many a run costs the
 * worker half as much again, with twice as many little less.
 */
const RUN_CONCURRENCY = 16
/** A model call of a cancelled run is cut off within 2 s, though its hint be lost. */
const STOP_ASKED_MS = 1_000
/** Of the time for draining, what is kept for handing back what did not end in it. */
const HAND_BACK_SHARE = 0.2
const HAND_BACK_MS = 1_000
/** How long each further step of the end may take where the record or the queue does not answer. */
const LAST_STEP_MS = 2_000

/** What is affected where the task runner fails. */
const TASK_TROUBLE: Readonly<Record<TaskTrouble, string>> = {
  step: 'claims and outcomes of tasks could not be recorded; it is tried again',
  slot: 'a task broke off; another attempt follows when its lease is over',
  settle: 'the outcome of a task cannot be recorded; it is recorded as failed',
  park: 'what waits could not be left to the record, or drawn from it; the queue has it, or it is tried again',
}

/** Everything that a worker process does, as one thing to start and stop. */
export class WorkerEngine {
  readonly #deps: WorkerEngineDeps
  readonly #held = new HeldClaims()
  /** One commit of settlements and claims. */
  readonly #commit: (input: StepInput) => Promise<StepResult>
  readonly #leases = new RunLeases()
  readonly #agents: TaskRunner
  readonly #judges: TaskRunner
  readonly #roleConsumers: RoleConsumers
  /** Wake-ups on their way to the queue. */
  readonly #sent = new InFlight()
  /** Planning, finishing and learning. */
  readonly #runWork = new InFlight()
  readonly #runWakeUps = { delivered: 0, nothing: 0 }
  readonly #presence: Presence
  #consumers: Consumer[] = []
  #services: Service[] = []
  #maintenance: Maintenance | undefined
  #unsubscribe: () => void = () => {}
  #stopping = false

  constructor(deps: WorkerEngineDeps) {
    this.#deps = deps
    this.#presence = createPresence({ ...deps, now: Date.now })
    this.#commit = measureStep(deps.metrics, (input) => step(deps.pool, input))
    const fixed = deps.roles.agents === undefined ? [] : deps.roles.agents
    this.#roleConsumers = new RoleConsumers({
      backend: deps.backend,
      fixed,
      readRoles: () => readRoles(deps.db),
      concurrency: deps.concurrency,
      lockDurationMs: deps.leaseMs,
      handle: (role, delivery, signal) => this.#onTasks(this.#agents, role, false, delivery, signal),
      onError: (error) => deps.log.warn({ err: error }, 'a delivery of tasks failed; the queue brings it again'),
    })
    this.#agents = this.#createRunner(deps.concurrency, this.#roleConsumers, () => this.#roleConsumers.roles())
    this.#judges = this.#createRunner(
      deps.concurrency,
      { pause: () => this.#verify()?.pause(), resume: () => this.#verify()?.resume() },
      () => [],
      () => [JUDGING],
    )
  }

  async start(): Promise<void> {
    const deps = this.#deps
    await deps.hints.start()
    this.#unsubscribe = deps.hints.subscribe((hint) => {
      if ('cancelled' in hint) {
        this.#held.stopRun(hint.cancelled, 'cancelled')
        this.#leases.stop(hint.cancelled, 'cancelled')
      }
      if ('roles' in hint) this.#roleConsumers.add(hint.roles)
      if ('wiped' in hint) this.#distrustTrees()
      if ('parked' in hint && hint.by?.worker !== deps.worker) this.#lookForParked(hint.by?.judges)
      if ('chores' in hint) this.#maintenance?.heard(hint.chores)
    })
    if (deps.roles.agents !== undefined) await this.#roleConsumers.refresh()
    if (deps.roles.planner) this.#consume(PLAN_QUEUE, RUN_CONCURRENCY)
    if (deps.roles.verifier) this.#consume(VERIFY_QUEUE, deps.concurrency)
    if (deps.roles.learner) this.#consume(LEARN_QUEUE, RUN_CONCURRENCY)
    this.#services = this.#createServices()
    for (const service of this.#services) service.start()
    await Promise.all([this.#roleConsumers.ready(), ...this.#consumers.map((consumer) => consumer.ready())])
  }

  /**
   * Takes no more work from now on and asks what runs to yield; what has not ended shortly before `drainMs` are over is
   * stopped. All of it is handed back, and others are woken for it, before this resolves. Leases are renewed until then.
   */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true
    const tasks = Promise.all([this.#agents.drain(), this.#judges.drain()])
    // Closing, and not pausing: a consumer that waits for jobs would take one more.
    const consumers = Promise.allSettled([
      this.#roleConsumers.close(),
      ...this.#consumers.map((consumer) => consumer.close()),
    ])
    this.#held.yieldAll()
    const [beat, stops, presence, ...others] = this.#services
    this.#presence.drain()
    // What cannot be told now is told with the next round, or not at all.
    void presence?.runOnce().catch(() => {})
    const ended = Promise.all([tasks, this.#runWork.settled(), ...others.map((service) => service.stop())])
    await within(ended, drainMs - Math.min(HAND_BACK_MS, HAND_BACK_SHARE * drainMs))
    this.#held.stopAll('shutdown')
    this.#leases.stopAll('shutdown')
    await within(ended, LAST_STEP_MS)
    await within(this.#handBackRuns(), LAST_STEP_MS)
    await within(this.#sent.settled(), LAST_STEP_MS)
    await within(consumers, LAST_STEP_MS)
    this.#unsubscribe()
    await within(Promise.allSettled([beat?.stop(), stops?.stop(), presence?.stop()]), LAST_STEP_MS)
    await within(Promise.allSettled([this.#presence.leave()]), LAST_STEP_MS)
  }

  async #handBackRuns(): Promise<void> {
    for (const { runId, priority, phase } of await handBackRuns(this.#deps.db, this.#leases.all())) {
      const { producer } = this.#deps
      void this.#sent.add(phase === 'plan' ? producer.wakePlan(runId, priority) : producer.wakeFinish(runId, priority))
    }
  }

  /** Queues whose consumers have ended by themselves: nothing of them reaches this process any more. */
  endedConsumers(): string[] {
    const own = this.#consumers.filter((consumer) => !consumer.alive()).map(({ queue }) => queue)
    return [...this.#roleConsumers.ended(), ...own]
  }

  get activeTasks(): number {
    return this.#agents.active + this.#judges.active
  }

  /** Places for tasks of the roles that this process serves. */
  get slots(): Readonly<{ used: number; free: number }> {
    const used = this.activeTasks
    return { used, free: Math.max(0, placesOf(this.#deps).places - used) }
  }

  /** Those to learn from a run are not counted: there is one a run. */
  wakeUps(): WakeUpCounts {
    const [a, j] = [this.#agents.wakeUps, this.#judges.wakeUps]
    const tasks = {
      delivered: a.delivered + j.delivered,
      nothing: a.nothing + j.nothing,
      returned: a.returned + j.returned,
    }
    return { tasks, runs: { ...this.#runWakeUps } }
  }

  #createRunner(
    concurrency: number,
    intake: { pause(): void; resume(): void },
    served: () => readonly string[],
    draws = served,
  ): TaskRunner {
    const deps = this.#deps
    return new TaskRunner({
      concurrency,
      worker: deps.worker,
      leaseMs: deps.leaseMs,
      step: (input) => this.#step(input),
      run: (task, stop) => this.#runTask(task, stop),
      held: this.#held,
      served,
      parked: {
        roles: draws,
        park: (tasks) => park(deps.pool, tasks),
        unpark: (input) => unpark(deps.pool, input),
        tell: () =>
          deps.hints.publish({ parked: true, by: { worker: deps.worker, judges: draws().includes(JUDGING) } }),
      },
      wake: (tasks) => this.#wake(tasks),
      onClosed: (runIds) => runIds.forEach((runId) => this.#onClosed(runId)),
      onMoved: (runIds) => this.#moved(runIds),
      intake,
      onError: (what, error, task) => void this.#sent.add(this.#tellTrouble(what, error, task)),
      random: deps.random,
    })
  }

  async #runTask(task: ClaimedTask, stop: StopSignals): Promise<Settlement> {
    // Putting a prompt together is a millisecond's work, and hundreds of claims come at once.
    await loopTurn()
    const settlement = await this.#deps.runTask(task, stop)
    this.#presence.ended(task, settlement)
    return settlement
  }

  async #tellTrouble(what: TaskTrouble, error: unknown, task?: ClaimedTask): Promise<void> {
    const { log, db } = this.#deps
    const fields = task && (await findTaskFields(db, task))
    log.warn({ err: error, ...fields }, TASK_TROUBLE[what])
  }

  #verify(): Consumer | undefined {
    return this.#consumers.find((consumer) => consumer.queue === VERIFY_QUEUE)
  }

  #consume(queue: string, concurrency: number): void {
    const deps = this.#deps
    this.#consumers.push(
      createConsumer(deps.backend, {
        queue,
        concurrency,
        lockDurationMs: deps.leaseMs,
        handle: (delivery, signal) => this.#onDelivery(delivery, signal),
        onError: (error) =>
          deps.log.warn({ err: error }, `a delivery of the ${queue} queue failed; the queue brings it again`),
      }),
    )
  }

  async #onDelivery(delivery: Delivery, signal: AbortSignal): Promise<void> {
    switch (delivery.kind) {
      case 'plan':
        return this.#onRuns('plan', 'plan', delivery.runIds, this.#deps.planRun)
      case 'finish':
        return this.#onRuns('finish', 'verify', delivery.runIds, this.#deps.finishRun)
      case 'learn':
        return this.#runWork.add(this.#guard('learn', () => this.#learn(delivery.runIds)))
      case 'tasks':
      case 'unknown':
        return this.#onTasks(this.#judges, 'verifier', true, delivery, signal)
    }
  }

  async #learn(runIds: readonly number[]): Promise<void> {
    await this.#deps.learnRuns(runIds)
    this.#presence.workedOn('learn', runIds.length)
  }

  async #onRuns(
    what: string,
    pool: 'plan' | 'verify',
    runIds: readonly number[],
    work: WorkerEngineDeps['planRun'],
  ): Promise<void> {
    const one = (runId: number): Promise<void> => {
      this.#runWakeUps.delivered += 1
      return this.#guard(what, async () => {
        if (await work(runId, this.#leases)) this.#presence.workedOn(pool, 1)
        else this.#runWakeUps.nothing += 1
      })
    }
    await Promise.all(runIds.map((runId) => this.#runWork.add(one(runId))))
  }

  async #onTasks(
    runner: TaskRunner,
    role: string,
    judge: boolean,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<void> {
    if (delivery.kind !== 'tasks') return this.#deps.log.warn({ delivery }, 'a job that this version does not know')
    await runner.deliver({
      role,
      judge,
      refs: delivery.refs,
      treeParent: delivery.treeParent,
      priority: delivery.priority,
      signal,
    })
  }

  /** Whoever closes a run and may finish it does so at once; where it cannot, the run's due time brings it to somebody. */
  #onClosed(runId: number): void {
    const { roles, finishRun, producer } = this.#deps
    if (!roles.verifier || this.#stopping) return void this.#sent.add(producer.wakeFinish(runId))
    void this.#runWork.add(this.#guard('finish', async () => void (await finishRun(runId, this.#leases))))
  }

  /** A wake-up's failure is no verdict on the run: its lease or its due time brings it back. */
  async #guard(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#deps.log.error({ err: error, what }, 'run work failed')
    }
  }

  #wake(tasks: readonly WakeUp[]): void {
    void this.#sent.add(this.#deps.producer.wakeTasks(tasks))
  }

  #moved(runIds: ReadonlySet<number>): void {
    for (const runId of runIds) this.#deps.hints.publish({ runId })
  }

  #createServices(): Service[] {
    const deps = this.#deps
    const loop = (name: string, intervalMs: number, runOnce: () => Promise<Record<string, number>>): Service =>
      createLoopService({
        name,
        intervalMs,
        jitter: 0.2,
        runOnce,
        log: deps.log,
        onError: (error) =>
          deps.log.warn({ err: error }, `a round of the ${name} service failed; the next one follows`),
      })
    const services = [
      loop('heartbeat', deps.heartbeatMs, () => this.#beat()),
      loop('stops', STOP_ASKED_MS, () => stopAsked({ pool: deps.pool, held: this.#held, leases: this.#leases })),
      loop('presence', TELL_EVERY_MS, () => this.#tell()),
    ]
    if (deps.roles.maintenance) services.push(...this.#createMaintenance(loop).services)
    return services
  }

  /** Also for hints of new roles that were lost. */
  async #tell(): Promise<Record<string, number>> {
    const roles = await this.#presence.tell()
    if (this.#deps.roles.agents === null) this.#roleConsumers.add(roles)
    return { roles: roles.length }
  }

  #createMaintenance(loop: MaintenanceDeps['loop']): Maintenance {
    this.#maintenance = createMaintenance({
      ...this.#deps,
      loop,
      roles: () => this.#roleConsumers.roles(),
      commit: this.#commit,
      sent: this.#sent,
      wake: (tasks) => this.#wake(tasks),
      onMoved: (runIds) => this.#moved(runIds),
      onWiped: () => this.#onWiped(),
      swept: (done) => this.#presence.swept(done),
    })
    return this.#maintenance
  }

  async #beat(): Promise<Record<string, number>> {
    const { pool, leaseMs } = this.#deps
    const beat = await this.#held.renew((claims) => heartbeat(pool, claims, leaseMs))
    await this.#leases.renew(this.#deps.db, leaseMs)
    return beat
  }

  async #step(input: StepInput): Promise<StepResult> {
    const result = await this.#commit(input)
    if (result.settled.length < input.settlements.length)
      void this.#sent.add(tellLate(this.#deps, input.settlements, result))
    return result
  }

  #onWiped(): void {
    this.#deps.log.info('the queue is new, or has lost what it held: it is filled from the record')
    this.#distrustTrees()
    this.#deps.hints.publish({ wiped: true })
  }

  /** `judges`: whether it is only for them; undefined where that is not known. */
  #lookForParked(judges: boolean | undefined): void {
    if (judges !== true && this.#deps.roles.agents !== undefined) this.#agents.lookForParked()
    if (judges !== false && this.#deps.roles.verifier) this.#judges.lookForParked()
  }

  #distrustTrees(): void {
    this.#agents.distrustTrees()
  }
}
