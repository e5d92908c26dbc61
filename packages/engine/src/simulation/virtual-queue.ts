import { flowTree, parseJob, wakeJobs, type Delivery, type TreeTask } from '@flotilla/queue'
import type { WakeUp } from '@flotilla/db'
import { connectionLost, type Network } from './network.ts'
import type { Random } from './random.ts'
import type { Process, VirtualTime } from './virtual-time.ts'

type Job = {
  readonly id: number
  readonly queue: string
  readonly name: string
  readonly data: unknown
  readonly priority: number
  readonly parent: Job | null
  children: number
  state: 'waiting' | 'delayed' | 'held' | 'gone'
  /** Of the delivery that holds its lock. */
  lock: number
}

/** What a process has of a queue. `handle` resolves when the delivery may be acknowledged. */
export type VirtualConsumer = {
  readonly process: Process
  readonly queue: string
  readonly concurrency: number
  readonly handle: (delivery: Delivery, signal: AbortSignal) => Promise<void>
  paused: boolean
  closed: boolean
  busy: number
}

type Node = ReturnType<typeof flowTree>

/** Jobs of all queues: delivered out of order, late, twice or never, redelivered when their holder is lost, and flushed. */
export class VirtualQueue {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #network: Network
  readonly #lockMs: number
  readonly #jobs = new Map<string, Job[]>()
  readonly #consumers: VirtualConsumer[] = []
  #ids = 0
  #locks = 0
  #marked = false
  awayUntil = 0
  /** Runs whose trees were flushed, or lost a lock: what a process leaves to them is for the reconciler. */
  readonly lostTrees = new Set<number>()
  /** Task wake-ups sent so far, with or without success. */
  sent = 0

  constructor(deps: Readonly<{ time: VirtualTime; random: Random; network: Network; lockMs: number }>) {
    this.#time = deps.time
    this.#random = deps.random
    this.#network = deps.network
    this.#lockMs = deps.lockMs
  }

  wakeTasks(tasks: readonly WakeUp[]): void {
    this.sent += tasks.length
    for (const [queue, jobs] of wakeJobs(tasks))
      for (const { name, data, opts } of jobs)
        this.#send(queue, name, data, Number(opts['priority'] ?? 5), Number(opts['delay'] ?? 0))
  }

  wakeFinish(runId: number): void {
    this.#send('verify', 'finish', { run: runId }, 5, 0)
  }

  addTree(runId: number, tasks: readonly TreeTask[]): void {
    const root = flowTree(runId, 5, tasks)
    this.#time.after(this.#network.latency(), () => this.#plant(root, null))
  }

  /** A node of a tree that stands for this task and is still to be delivered, or to be acknowledged. */
  hasTreeJob(runId: number, idx: number): boolean {
    for (const jobs of this.#jobs.values())
      for (const job of jobs) {
        if (job.name !== 'tree' || job.state === 'gone') continue
        const [run, task] = taskOf(job)
        if (run === runId && task === idx) return true
      }
    return false
  }

  /** Throws while the queue is away. */
  waiting(): number {
    if (this.#time.now < this.awayUntil) throw connectionLost()
    let n = 0
    for (const jobs of this.#jobs.values()) for (const job of jobs) if (isReady(job)) n++
    return n
  }

  /** Throws while the queue is away. */
  wiped(): boolean {
    if (this.#time.now < this.awayUntil) throw connectionLost()
    const wiped = !this.#marked
    this.#marked = true
    return wiped
  }

  get isEmpty(): boolean {
    return [...this.#jobs.values()].every((jobs) => jobs.length === 0)
  }

  flush(): void {
    this.#marked = false
    for (const jobs of this.#jobs.values())
      for (const job of jobs.splice(0)) {
        job.state = 'gone'
        if (job.name === 'tree') this.lostTrees.add(taskOf(job)[0] ?? 0)
      }
  }

  awayFor(ms: number): void {
    this.awayUntil = Math.max(this.awayUntil, this.#time.now + ms)
    this.#time.after(ms, () => this.pump())
  }

  consume(consumer: VirtualConsumer): void {
    this.#consumers.push(consumer)
    this.#pump(consumer.queue)
  }

  resume(consumer: VirtualConsumer): void {
    consumer.paused = false
    this.#pump(consumer.queue)
  }

  /** Somebody may be able to take jobs again. */
  pump(): void {
    for (const queue of this.#jobs.keys()) this.#pump(queue)
  }

  /** Whoever it was has gone: what it held is delivered again once its locks have run out. */
  leave(process: Process): void {
    for (const consumer of this.#consumers.splice(0)) if (consumer.process !== process) this.#consumers.push(consumer)
  }

  #send(queue: string, name: string, data: unknown, priority: number, delayMs: number): void {
    if (this.#network.happens('wakeUpLost') || this.#time.now < this.awayUntil) return
    const late = this.#network.happens('wakeUpLate') ? this.#random.between(10, 2_000) : 0
    const times = this.#network.happens('wakeUpTwice') ? 2 : 1
    for (let n = 0; n < times; n++)
      this.#time.after(this.#network.latency(), () => {
        if (this.#time.now < this.awayUntil) return
        const job = this.#add(queue, name, data, priority, null)
        if (delayMs + late > 0) job.state = 'delayed'
        this.#time.after(delayMs + late, () => this.#ready(job))
      })
  }

  #plant(node: Node, parent: Job | null): void {
    const job = this.#add(node.queueName, node.name, node.data, node.opts?.priority ?? 5, parent)
    for (const child of node.children ?? []) {
      job.children++
      this.#plant(child, job)
    }
    if (job.children === 0) this.#pump(job.queue)
  }

  #add(queue: string, name: string, data: unknown, priority: number, parent: Job | null): Job {
    const job: Job = { id: this.#ids++, queue, name, data, priority, parent, children: 0, state: 'waiting', lock: 0 }
    const jobs = this.#jobs.get(queue)
    if (jobs) jobs.push(job)
    else this.#jobs.set(queue, [job])
    return job
  }

  #ready(job: Job): void {
    if (job.state === 'gone') return
    job.state = 'waiting'
    this.#pump(job.queue)
  }

  #pump(queue: string): void {
    if (this.#time.now < this.awayUntil) return
    for (;;) {
      const ready = (this.#jobs.get(queue) ?? []).filter(isReady)
      const free = this.#consumers.filter((each) => each.queue === queue && isFree(each, this.#time.now))
      if (ready.length === 0 || free.length === 0) return
      // Mostly in order; what a redelivery or another server's clock brings is out of order.
      const job = ready[this.#random.chance(0.2) ? this.#random.int(ready.length) : 0] as Job
      this.#deliver(job, free[this.#random.int(free.length)] as VirtualConsumer)
    }
  }

  #deliver(job: Job, consumer: VirtualConsumer): void {
    const lock = ++this.#locks
    const lost = new AbortController()
    job.state = 'held'
    job.lock = lock
    consumer.busy++
    this.#watchLock(job, lock, consumer, lost)
    this.#time.after(
      this.#network.latency(),
      () => {
        const delivery = parseJob(job.name, job.data, job.priority)
        void consumer.handle(delivery, lost.signal).then(() => {
          this.#time.after(this.#network.latency(), () => this.#acknowledge(job, lock, consumer))
        })
      },
      consumer.process,
    )
  }

  #acknowledge(job: Job, lock: number, consumer: VirtualConsumer): void {
    consumer.busy--
    if (job.lock === lock && job.state === 'held') this.#remove(job)
    this.#pump(consumer.queue)
  }

  #remove(job: Job): void {
    job.state = 'gone'
    const jobs = this.#jobs.get(job.queue) ?? []
    const at = jobs.indexOf(job)
    if (at >= 0) jobs.splice(at, 1)
    const { parent } = job
    if (parent === null) return
    parent.children--
    if (parent.children === 0 && parent.state === 'waiting') this.#pump(parent.queue)
  }

  /** The lock is renewed while its holder lives and does not hang; a holder that comes back late hears of its loss. */
  #watchLock(job: Job, lock: number, { process }: VirtualConsumer, lost: AbortController): void {
    this.#time.after(this.#lockMs, () => {
      if (job.lock !== lock || job.state !== 'held') return
      if (process.alive && process.hungUntil <= this.#time.now)
        return this.#watchLock(job, lock, { process } as VirtualConsumer, lost)
      this.#time.after(0, () => lost.abort(), process)
      job.lock = 0
      // Delivered to another it may be acknowledged before its task has ended.
      if (job.name === 'tree') this.lostTrees.add(taskOf(job)[0] ?? 0)
      this.#ready(job)
    })
  }
}

const taskOf = (job: Job): readonly number[] => (job.data as { t: number[] }).t

const isReady = (job: Job): boolean => job.state === 'waiting' && job.children === 0
const isFree = (consumer: VirtualConsumer, now: number): boolean =>
  !consumer.paused &&
  !consumer.closed &&
  consumer.process.alive &&
  consumer.process.hungUntil <= now &&
  consumer.busy < consumer.concurrency
