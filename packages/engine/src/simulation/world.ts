import { Network } from './network.ts'
import { createRandom, type Random } from './random.ts'
import type { Fault, PlannedTask, Schedule } from './schedule.ts'
import { Violations, type Violation } from './violations.ts'
import { VirtualQueue } from './virtual-queue.ts'
import { VirtualRecord } from './virtual-record.ts'
import { VirtualTime } from './virtual-time.ts'
import { LEASE_MS, VirtualWorker, type WorkerDeps } from './virtual-worker.ts'

/** After the last fault and the last submission, by when every run has ended, however often its tasks were tried. */
const REST_MS = 120_000
/** Between two tries of a step, and some. */
const LONGEST_PAUSE_MS = 2_000
/** Wake-ups for each task: at once, and as time goes by. */
const STORM_START = 20
const STORM_PER_SECOND = 10
const MAX_CALLS = 60_000

/** A fleet, its record and its queue, as one schedule has them. */
export class World {
  readonly time = new VirtualTime()
  readonly violations = new Violations(() => this.time.now)
  readonly record = new VirtualRecord(this.time, this.violations)
  readonly queue: VirtualQueue
  calls = 0
  readonly #schedule: Schedule
  readonly #deps: WorkerDeps
  readonly #random: Random
  readonly #workers: (VirtualWorker | null)[] = []
  #submitted = 0
  readonly #tasks: number

  constructor(schedule: Schedule) {
    this.#schedule = schedule
    this.#tasks = schedule.runs.reduce((sum, run) => sum + run.tasks.length, 0)
    this.#random = createRandom(schedule.seed ^ 0x5f356495)
    const { time, record, violations } = this
    const random = this.#random
    const network = new Network(time, random, schedule.weather, schedule.calmAt)
    this.queue = new VirtualQueue({ time, random, network, lockMs: LEASE_MS })
    this.#deps = {
      time,
      random,
      network,
      record,
      queue: this.queue,
      violations,
      planned: ({ runId, idx }) => schedule.runs[runId - 1]?.tasks[idx] as PlannedTask,
      onParked: () => this.#tell((worker) => worker.lookForParked()),
      onWiped: () => this.#tell((worker) => worker.distrustTrees()),
      onDeath: (worker) => this.#restart(this.#workers.indexOf(worker), 200, true),
    }
    record.onLapse = (name, claim) => {
      if (this.#workers.some((worker) => worker?.process.name === name && worker.isBlamedFor(claim)))
        violations.add('lease_lapsed', `${name} lives, and lost task ${claim.runId}/${claim.idx} at ${claim.fence}`)
    }
    for (const [role, max] of Object.entries(schedule.limits)) record.model.pools.set(role, { max, running: 0 })
    schedule.workers.forEach((_, n) => this.#start(n))
    schedule.runs.forEach((run, n) => time.after(run.at, () => this.#submit(n)))
    for (const fault of schedule.faults) time.after(fault.at, () => this.#strike(fault))
  }

  /** Goes on by one call of some process. False: the world has come to rest, or never will. */
  advance(): boolean {
    for (const worker of this.#workers) if (worker?.process === this.time.called) worker?.check()
    this.#checkStorm()
    if (this.violations.found.length > 0 || this.#isAtRest) return false
    if (this.time.now > this.#schedule.calmAt + REST_MS || ++this.calls > MAX_CALLS) {
      this.#tellUnrest()
      return false
    }
    return this.time.advance()
  }

  get #isAtRest(): boolean {
    return (
      this.time.now > this.#schedule.calmAt &&
      this.#submitted === this.#schedule.runs.length &&
      this.record.isOver &&
      this.queue.isEmpty &&
      this.#workers.every((worker) => worker !== null && worker.isIdle)
    )
  }

  /** What goes to and fro between queue and workers is bounded by the work there is and the time that has passed. */
  #checkStorm(): void {
    const bound = this.#tasks * (STORM_START + (STORM_PER_SECOND * this.time.now) / 1_000)
    if (this.queue.sent > bound) this.violations.add('storm', `${this.queue.sent} wake-ups for ${this.#tasks} tasks`)
  }

  #tellUnrest(): void {
    for (const run of this.record.model.runs.values())
      if (!['completed', 'failed', 'cancelled'].includes(run.status))
        this.violations.add(
          'not_terminal',
          `run ${run.id} is ${run.status}: ${run.tasks.map((task) => task.status).join(' ')}`,
        )
    for (const worker of this.#workers)
      if (worker?.isIdle === false) this.violations.add('place_leaked', `${worker.process.name} is not idle`)
    if (!this.queue.isEmpty) this.violations.add('unacknowledged', 'jobs stay in the queue')
  }

  #start(n: number): void {
    const planned = this.#schedule.workers[n] as Schedule['workers'][number]
    this.#workers[n] = new VirtualWorker(`w${n}`, planned, this.#deps)
  }

  #submit(n: number): void {
    const planned = this.#schedule.runs[n] as Schedule['runs'][number]
    const run = this.record.plant(n + 1, planned.tasks, n + 1)
    this.#submitted++
    if (planned.tree)
      return this.queue.addTree(
        run.id,
        run.tasks.map(({ role, outs }, idx) => ({ idx, role, outs })),
      )
    const first = run.tasks.flatMap(({ status, role }, idx) => (status === 'ready' ? [{ idx, role }] : []))
    this.queue.wakeTasks(first.map((task) => ({ ...task, runId: run.id, delayMs: 0, judge: false, priority: 5 })))
  }

  #restart(n: number, ms: number, takeOver: boolean): void {
    const worker = this.#workers[n]
    if (!worker?.process.alive) return
    worker.die()
    this.#workers[n] = null
    this.time.after(ms, () => {
      if (takeOver) this.record.takeOver(worker.process.name)
      this.#start(n)
    })
  }

  #strike(fault: Fault): void {
    const { now } = this.time
    switch (fault.kind) {
      case 'crash':
        return this.#restart(fault.worker, fault.ms, fault.takeOver)
      case 'hang':
        this.#workers[fault.worker]?.process.hang(now + fault.ms)
        this.time.after(fault.ms, () => this.queue.pump())
        return
      case 'drain':
        return this.#drain(fault)
      case 'flush':
        return this.queue.flush()
      case 'record_away':
        return this.record.awayFor(fault.ms)
      case 'queue_away':
        return this.queue.awayFor(fault.ms)
      case 'cancel':
        if (this.record.model.runs.has(fault.run + 1) && this.record.cancel(fault.run + 1) && fault.told)
          this.#tell((worker) => worker.held.stopRun(fault.run + 1, 'cancelled'))
        return
      case 'pause':
        return this.#pause(fault)
    }
  }

  #pause({ run, ms, told }: Extract<Fault, { kind: 'pause' }>): void {
    const runId = run + 1
    if (!this.record.model.runs.has(runId) || !this.record.pause(runId)) return
    if (told) this.#tell((worker) => worker.held.yieldRun(runId))
    this.time.after(ms, () => {
      const resumed = this.record.resume(runId)
      if (resumed === null) return
      this.queue.wakeTasks(resumed.tasks)
      if (resumed.finish) this.queue.wakeFinish(runId)
    })
  }

  #tell(hint: (worker: VirtualWorker) => void): void {
    for (const worker of this.#workers)
      if (worker?.process.alive) this.time.after(this.#random.between(0, 5), () => hint(worker), worker.process)
  }

  #drain({ worker: n, ms, drainMs }: Extract<Fault, { kind: 'drain' }>): void {
    const worker = this.#workers[n]
    if (!worker?.process.alive) return
    const { process } = worker
    const startedAt = this.time.now
    this.time.after(
      0,
      () => {
        void worker.drain(drainMs).then(() => {
          worker.checkDrained()
          this.#restart(n, ms, false)
        })
      },
      process,
    )
    const overdue = (since: number): void => {
      this.time.after(since + drainMs + LONGEST_PAUSE_MS - this.time.now, () => {
        if (!process.alive) return
        if (process.troubledAt > since) return overdue(Math.max(process.troubledAt, this.time.now - drainMs))
        this.violations.add('drain_overrun', `${process.name} does not end`)
      })
    }
    overdue(startedAt)
  }
}

export type Told = Readonly<{
  violations: readonly Violation[]
  /** Calls into processes. */
  calls: number
  /** Types of the events that the record has had. */
  events: ReadonlySet<string>
}>

/** Lets a schedule happen. */
export async function simulate(schedule: Schedule): Promise<Told> {
  const world = new World(schedule)
  while (world.advance()) await settled()
  const logs = [...world.record.model.runs.values()].flatMap((run) => run.log)
  const events = new Set(logs.map((entry) => entry.slice(0, entry.indexOf(' '))))
  return { violations: world.violations.found, calls: world.calls, events }
}

/** Resolves after everything that promises alone can bring about. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
