import type { Scheduler } from '@flotilla/runtime'
import type { ClaimedTask, Settlement, StepInput, StepResult, TaskRef, WakeUp } from '@flotilla/db'

export type CommitterDeps = Readonly<{
  step: (input: StepInput) => Promise<StepResult>
  worker: string
  leaseMs: number
  served: () => readonly string[] | null
  /** Takes up to `n` idle slots for tasks that a flush may claim beyond those of its own; what is not used is given back. */
  reserve: (n: number) => number
  unreserve: (n: number) => void
  /** Up to `n` ready tasks that this process keeps, none of these runs; they are put back when the step that was to claim them fails. */
  draw: (n: number, except: ReadonlySet<number>) => readonly WakeUp[]
  putBack: (tasks: readonly WakeUp[]) => void
  /** Whether a slot may go on with what its settlement makes ready, although others may wait. */
  mayGoOn: () => boolean
  /** A claimed task for a reserved slot. */
  onExtra: (task: ClaimedTask) => void
  onStep: (result: StepResult, settlements: readonly Settlement[]) => void
  isTransient: (error: unknown) => boolean
  pause: (ms: number) => Promise<void>
  /** `soon` calls after all that is under way: what is pushed until then goes into one flush. */
  scheduler: Pick<Scheduler, 'now' | 'soon' | 'after'>
  random: () => number
  onRetry: (error: unknown) => void
}>

export type Settled = Readonly<{ recorded: boolean; next: ClaimedTask | null; error?: unknown }>

type ClaimItem = { kind: 'claim'; ref: TaskRef; done: (task: ClaimedTask | null) => void }
type SettleItem = {
  kind: 'settle'
  settlement: Settlement
  sticky: boolean
  bytes: number
  done: (settled: Settled) => void
}
type Item = ClaimItem | SettleItem

/** A flush under way: since when, and with which runs. */
type Flight = Readonly<{ since: number; runs: Set<number> }>
const NONE: ReadonlySet<number> = new Set()

const runOf = (item: Item): number => (item.kind === 'claim' ? item.ref.runId : item.settlement.runId)

const FLUSHES = 2
/** The larger a step, the cheaper each of it: a second one begins when the first takes longer than this, or with a full batch. */
const SECOND_AFTER_MS = 20
/** How long a flush keeps its runs from the other: an answer may be late although the step has committed. */
const HOLDS_RUNS_MS = 100
const MAX_ITEMS = 200
const MAX_BYTES = 4 * 1024 * 1024
const MAX_EXTRA = 64

const keyOf = (ref: TaskRef): string => `${ref.runId}/${ref.idx}`

/**
 * The group commit of one process: claims and settlements are collected while a flush is in flight; a second one begins where
 * the first takes long. A step holds its runs until it has committed, so a flush leaves those to the next that the other has,
 * unless there is nothing else. A step that fails for one bad item fails for all, so such a batch is repeated item by item. A lost reply
 * is harmless: repeated settlements are refused by their fence, and successors that nobody runs come back by their lease.
 */
export class Committer {
  readonly #deps: CommitterDeps
  #queue: Item[] = []
  readonly #inFlight = new Set<Flight>()
  #armed = false
  #timed = false

  constructor(deps: CommitterDeps) {
    this.#deps = deps
  }

  /** The claimed task, or null: not ours to run. */
  claim(ref: TaskRef): Promise<ClaimedTask | null> {
    return new Promise((done) => this.#push({ kind: 'claim', ref, done }))
  }

  /** `recorded` false: the fence was lost, or `error` says what cannot be stored. `next`: a task made ready, claimed for this slot. */
  settle(settlement: Settlement, sticky: boolean): Promise<Settled> {
    const bytes = (settlement.data.output?.text.length ?? 0) + 512
    return new Promise((done) => this.#push({ kind: 'settle', settlement, sticky, bytes, done }))
  }

  get idle(): boolean {
    return this.#inFlight.size === 0 && this.#queue.length === 0
  }

  #push(item: Item): void {
    this.#queue.push(item)
    this.#kickSoon()
  }

  /** When all that is under way in this turn has pushed what it has: a task that does little settles with those before it. */
  #kickSoon(): void {
    if (this.#armed || this.#queue.length === 0 || this.#inFlight.size >= FLUSHES) return
    this.#armed = true
    this.#deps.scheduler.soon(() => {
      this.#armed = false
      this.#kick()
    })
  }

  /** When the flush under way has had its time. */
  #kickLater(ms: number): void {
    if (this.#timed) return
    this.#timed = true
    this.#deps.scheduler.after(ms, () => {
      this.#timed = false
      this.#kick()
    })
  }

  #kick(): void {
    while (this.#queue.length > 0 && this.#inFlight.size < FLUSHES) {
      const now = this.#deps.scheduler.now()
      const [other] = this.#inFlight
      const patience = other && this.#queue.length < MAX_ITEMS ? other.since + SECOND_AFTER_MS - now : 0
      if (patience > 0) return this.#kickLater(patience)
      const held = other && now < other.since + HOLDS_RUNS_MS ? other.runs : NONE
      const batch = this.#takeBatch(held)
      const flight: Flight = { since: now, runs: new Set(batch.map(runOf)) }
      this.#inFlight.add(flight)
      void this.#flush(batch, flight.runs, held).finally(() => {
        this.#inFlight.delete(flight)
        this.#kickSoon()
      })
    }
  }

  #takeBatch(held: ReadonlySet<number>): Item[] {
    const open = this.#queue.filter((item) => !held.has(runOf(item)))
    const candidates = open.length > 0 ? open : this.#queue
    let bytes = 0
    let n = 0
    while (n < candidates.length && n < MAX_ITEMS) {
      const item = candidates[n] as Item
      bytes += item.kind === 'settle' ? item.bytes : 0
      if (n > 0 && bytes > MAX_BYTES) break
      n++
    }
    const batch = candidates.slice(0, n)
    const taken = new Set(batch)
    this.#queue = this.#queue.filter((item) => !taken.has(item))
    return batch
  }

  /** `runs`: those it holds, to which the drawn tasks' are added; `held` are the other flush's. */
  async #flush(batch: readonly Item[], runs = new Set<number>(), held = NONE): Promise<void> {
    const settles = batch.filter((item) => item.kind === 'settle')
    const claims = batch.filter((item) => item.kind === 'claim')
    const own = settles.filter((item) => item.sticky).length
    const reserved = own > 0 ? this.#deps.reserve(MAX_EXTRA) : 0
    const drawn = own > 0 ? this.#deps.draw(own + reserved, held) : []
    for (const { runId } of drawn) runs.add(runId)
    const input: StepInput = {
      settlements: settles.map((item) => item.settlement),
      claims: [...claims.map((item) => item.ref), ...drawn],
      cap: this.#deps.mayGoOn() ? own + reserved - drawn.length : 0,
      served: this.#deps.served(),
      leaseMs: this.#deps.leaseMs,
      worker: this.#deps.worker,
    }
    const outcome = await this.#stepUntilAnswered(input)
    if ('error' in outcome) {
      if (drawn.length > 0) this.#deps.putBack(drawn)
      this.#deps.unreserve(reserved)
      return this.#refuse(batch, outcome.error)
    }
    this.#deps.onStep(outcome.result, input.settlements)
    this.#handOut(outcome.result, settles, claims, reserved)
  }

  async #stepUntilAnswered(input: StepInput): Promise<{ result: StepResult } | { error: unknown }> {
    for (let wait = 20; ; wait = Math.min(wait * 2, 1_000)) {
      try {
        return { result: await this.#deps.step(input) }
      } catch (error) {
        if (!this.#deps.isTransient(error)) return { error }
        this.#deps.onRetry(error)
        await this.#deps.pause(wait * (0.5 + this.#deps.random()))
      }
    }
  }

  async #refuse(batch: readonly Item[], error: unknown): Promise<void> {
    if (batch.length > 1) {
      for (const item of batch) await this.#flush([item])
      return
    }
    const [item] = batch
    if (item?.kind === 'claim') item.done(null)
    else item?.done({ recorded: false, next: null, error })
  }

  #handOut(result: StepResult, settles: readonly SettleItem[], claims: readonly ClaimItem[], reserved: number): void {
    const taken = new Map(result.claimed.map((task) => [keyOf(task), task]))
    for (const claim of claims) {
      // Two deliveries of one task can stand in one batch: the first has it.
      const key = keyOf(claim.ref)
      claim.done(taken.get(key) ?? null)
      taken.delete(key)
    }
    const next = [...taken.values()]
    const recorded = new Set(result.settled)
    settles.forEach((item, i) => {
      item.done({ recorded: recorded.has(i), next: item.sticky ? (next.shift() ?? null) : null })
    })
    this.#deps.unreserve(Math.max(0, reserved - next.length))
    for (const task of next) this.#deps.onExtra(task)
  }
}

/** SQLSTATE classes and socket errors after which the same step may succeed. */
const TRANSIENT = /^(08|40|53|55|57|25P|E[A-Z])/

export function isTransientDbError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as Error & { code?: unknown }).code
  if (typeof code === 'string') return TRANSIENT.test(code)
  // node-postgres reports a connection that ended or timed out without a code.
  return /connection|timeout/i.test(error.message)
}
