import type { Claim, ClaimedTask, StepResult, SweepResult, TaskRef, WakeUp } from '@flotilla/db'
import { MAX_STOP_MS } from './virtual-executor.ts'
import type { Violations } from './violations.ts'
import type { VirtualQueue } from './virtual-queue.ts'
import type { Process, VirtualTime } from './virtual-time.ts'

/** By when a process that runs normally has done what it owes: ten times what it may keep a task, and some turns. */
const PATIENCE_MS = 400
/** Steps that a process has under way at most for the tasks of agents: with as many without an answer nothing more is asked. */
const STEPS = 2
/** Parks that it has under way at most. */
const PARKS = 1
/** A step that failed in passing is tried again after at most this, with the same claims; until then it is under way, too. */
export const LONGEST_REST_MS = 1_500

const runOf = ({ runId, idx, fence }: Claim): string => `${runId}/${idx} at ${fence}`
const keyOf = ({ runId, idx }: TaskRef): string => `${runId}/${idx}`

/**
 * What one process owes since the record told it: a wake-up, or a claim of its own, for each task that was made ready; a
 * finisher for each run that closed; work on each task that it has claimed. The reconciler would make up for what it forgets,
 * which is why only a ledger tells.
 */
export class Ledger {
  readonly #deps: Readonly<{ time: VirtualTime; queue: VirtualQueue; violations: Violations; process: Process }>
  readonly #owed = new Map<string, number>()
  /** When each task was last answered for by the record, or sent to the queue. */
  readonly #seen = new Map<string, number>()
  /** Until when a wake-up that this process has sent for a task is on its way. */
  readonly #sentFor = new Map<string, number>()
  /** In how many steps that are not answered yet each task is asked for. */
  readonly #asked = new Map<string, number>()
  /** When each step was asked that is not answered yet; and each park. */
  readonly #steps = new Set<Readonly<{ at: number }>>()
  readonly #parks = new Set<Readonly<{ at: number }>>()
  readonly #known = new Set<string>()
  readonly #runs = new Set<string>()

  constructor(deps: Readonly<{ time: VirtualTime; queue: VirtualQueue; violations: Violations; process: Process }>) {
    this.#deps = deps
  }

  /** A step is asked; to be called when it has been answered, however. */
  onStep(): () => void {
    return this.#asking(this.#steps)
  }

  /** So is a park. */
  onPark(): () => void {
    return this.#asking(this.#parks)
  }

  #asking(underWay: Set<Readonly<{ at: number }>>): () => void {
    const one = { at: this.#deps.time.now }
    underWay.add(one)
    return () => void underWay.delete(one)
  }

  /** The record has answered these claims, with whatever result; `claims` are those that the step asked for. */
  onAnswer(result: StepResult, claims: readonly TaskRef[]): void {
    this.#endAsking(claims)
    for (const ref of claims) {
      this.#seen.set(keyOf(ref), this.#deps.time.now)
      this.#owed.delete(`wake ${keyOf(ref)}`)
    }
    for (const task of result.claimed) this.#known.add(`${keyOf(task)} at ${task.fence}`)
    for (const wakeUp of result.wake) this.#owe(`wake ${keyOf(wakeUp)}`, wakeUp)
    for (const wakeUp of result.wait)
      if ((this.#sentFor.get(keyOf(wakeUp)) ?? 0) <= this.#deps.time.now) this.#owe(`wake ${keyOf(wakeUp)}`, wakeUp)
    for (const runId of result.closed) this.#owe(`finish ${runId}`, null)
    for (const task of result.claimed) this.#owe(`run ${keyOf(task)} at ${task.fence}`, null)
  }

  /** The record keeps these until somebody draws them. */
  onParked(tasks: readonly TaskRef[]): void {
    this.#endAsking(tasks)
    for (const task of tasks) {
      this.#seen.set(keyOf(task), this.#deps.time.now)
      this.#owed.delete(`wake ${keyOf(task)}`)
    }
  }

  /** Nobody else has these: they are claimed, parked again or sent to the queue. */
  onDrawn(tasks: readonly WakeUp[]): void {
    for (const task of tasks) this.#owe(`wake ${keyOf(task)}`, null)
  }

  onSweep({ wake, recovered, finish }: SweepResult): void {
    for (const wakeUp of [...wake, ...recovered]) this.#owe(`wake ${keyOf(wakeUp)}`, null)
    for (const { runId } of finish) this.#owe(`finish ${runId}`, null)
  }

  /** A step with these claims cannot be stored as it is. */
  onRefused(claims: readonly TaskRef[]): void {
    this.#endAsking(claims)
    for (const ref of claims) this.#owe(`wake ${keyOf(ref)}`, null)
  }

  /** A step with these claims has failed in passing: it is tried again. */
  onCutOff(claims: readonly TaskRef[]): void {
    this.#endAsking(claims)
    for (const ref of claims) this.#owe(`wake ${keyOf(ref)}`, null, LONGEST_REST_MS + PATIENCE_MS)
  }

  onWake(tasks: readonly WakeUp[]): void {
    for (const task of tasks) {
      this.#seen.set(keyOf(task), this.#deps.time.now)
      const until = Math.max(this.#sentFor.get(keyOf(task)) ?? 0, this.#deps.time.now + task.delayMs)
      this.#sentFor.set(keyOf(task), until)
      this.#owed.delete(`wake ${keyOf(task)}`)
    }
  }

  /**
   * A delivery since `since` is acknowledged: the queue forgets it, and has to be told again of what nobody has asked the
   * record for. Only what finds no place in the moment may still be kept, and never all of it.
   */
  onAcknowledge(refs: readonly TaskRef[], since: number): void {
    const open = refs.filter((ref) => (this.#seen.get(keyOf(ref)) ?? -1) < since && !this.#asked.has(keyOf(ref)))
    if (open.length === refs.length)
      this.#deps.violations.add('acknowledged_early', `${this.#deps.process.name}: ${refs.map(keyOf).join(', ')}`)
    for (const ref of open) this.#owe(`wake ${keyOf(ref)}`, null)
  }

  /** The record has said that these are lost. */
  onLost(claims: readonly Claim[]): void {
    for (const claim of claims)
      if (this.#runs.has(runOf(claim))) this.#owe(`stop ${runOf(claim)}`, null, MAX_STOP_MS + PATIENCE_MS)
  }

  /** Whether the process has been told that it holds this claim. */
  knows(claim: Claim): boolean {
    return this.#known.has(runOf(claim))
  }

  onClaim(refs: readonly TaskRef[]): void {
    for (const ref of refs) {
      this.#asked.set(keyOf(ref), (this.#asked.get(keyOf(ref)) ?? 0) + 1)
      this.#owed.delete(`wake ${keyOf(ref)}`)
    }
  }

  #endAsking(refs: readonly TaskRef[]): void {
    for (const ref of refs) {
      const left = (this.#asked.get(keyOf(ref)) ?? 1) - 1
      if (left > 0) this.#asked.set(keyOf(ref), left)
      else this.#asked.delete(keyOf(ref))
    }
  }

  onFinish(runId: number): void {
    this.#owed.delete(`finish ${runId}`)
  }

  onRun(task: ClaimedTask): void {
    const run = runOf(task)
    if (this.#runs.has(run)) this.#deps.violations.add('run_twice', `${this.#deps.process.name}: ${run}`)
    this.#runs.add(run)
    this.#owed.delete(`run ${run}`)
  }

  onEnd(task: ClaimedTask): void {
    this.#runs.delete(runOf(task))
    this.#owed.delete(`stop ${runOf(task)}`)
  }

  get isEmpty(): boolean {
    return this.#owed.size === 0
  }

  /** What is still owed: for a process that ends. */
  describe(): string {
    return [...this.#owed.keys()].join(', ')
  }

  /** Since then nothing could be asked: answers may take up to 800 ms, however seldom two do. */
  #waitedSince(since: number): boolean {
    const before = (underWay: Iterable<Readonly<{ at: number }>>): number =>
      [...underWay].filter(({ at }) => at < since).length
    return before(this.#steps) >= STEPS || before(this.#parks) >= PARKS
  }

  #owe(what: string, tree: TaskRef | null, patienceMs = PATIENCE_MS): void {
    const { time, queue } = this.#deps
    // The node above the job at hand is delivered once that is acknowledged.
    if (tree !== null && (queue.lostTrees.has(tree.runId) || queue.hasTreeJob(tree.runId, tree.idx))) return
    if (this.#owed.has(what)) return
    this.#owed.set(what, time.now)
    this.#expect(what, time.now, tree, patienceMs)
  }

  #expect(what: string, since: number, tree: TaskRef | null, patienceMs: number): void {
    const { time, queue, violations, process } = this.#deps
    time.after(patienceMs, () => {
      if (!process.alive || this.#owed.get(what) !== since) return
      if (process.troubledAt > since || this.#waitedSince(since)) {
        this.#owed.set(what, time.now)
        return this.#expect(what, time.now, tree, patienceMs)
      }
      if (tree !== null && queue.lostTrees.has(tree.runId)) return void this.#owed.delete(what)
      violations.add('forgotten', `${process.name} owes: ${what}`)
      this.#owed.delete(what)
    })
  }
}
