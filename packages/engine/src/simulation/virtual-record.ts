import type {
  Claim,
  Settlement,
  StepInput,
  StepResult,
  SweepInput,
  SweepResult,
  TaskRef,
  Unparked,
  WakeUp,
} from '@flotilla/db'
import {
  modelCancel,
  modelExpireLeasesOf,
  modelFinish,
  modelHeartbeat,
  modelKnock,
  modelPark,
  modelPause,
  modelRecountPools,
  modelResume,
  modelStep,
  modelSweep,
  modelUnpark,
  newRecordModel,
  plantRun,
  type ModelDraw,
  type RecordModel,
  type RunModel,
  type TaskSeed,
} from '@flotilla/db/model'
import { DEFAULT_MAX_RECOVERIES, DEFAULT_MAX_REVISIONS } from '@flotilla/domain'
import { connectionLost } from './network.ts'
import type { Violations } from './violations.ts'
import type { VirtualTime } from './virtual-time.ts'

export const MAX_ATTEMPTS = 3

/** What the model does not keep, to hold what it answers against. */
type Watched = { highest: number; finished: boolean }

/** An outcome that cannot be stored: the whole step fails, and would fail again. */
export const UNSTORABLE = 'unstorable'

/** The record of a virtual fleet: the model, with a watch over what it is brought to say. */
export class VirtualRecord {
  readonly model: RecordModel = newRecordModel()
  onLapse: (worker: string, claim: Claim) => void = () => {}
  awayUntil = 0
  awayAt = Number.NEGATIVE_INFINITY
  readonly #time: VirtualTime
  readonly #violations: Violations
  readonly #watched = new Map<string, Watched>()

  constructor(time: VirtualTime, violations: Violations) {
    this.#time = time
    this.#violations = violations
  }

  plant(id: number, seeds: readonly TaskSeed[], workspaceId: number): RunModel {
    return plantRun(this.model, id, seeds, this.#time.now, workspaceId)
  }

  run(id: number): RunModel {
    return this.model.runs.get(id) as RunModel
  }

  get isOver(): boolean {
    for (const run of this.model.runs.values()) if (!ENDED.has(run.status)) return false
    return true
  }

  awayFor(ms: number): void {
    this.awayUntil = Math.max(this.awayUntil, this.#time.now + ms)
  }

  step(input: StepInput): StepResult {
    this.#open()
    for (const { data } of input.settlements)
      if (data.output?.text === UNSTORABLE) throw Object.assign(new Error('invalid text'), { code: '22P05' })
    const halted = new Set(
      [...this.model.runs.values()].filter((run) => run.status !== 'executing').map(({ id }) => id),
    )
    const result = modelStep(this.model, { ...input, now: this.#time.now })
    for (const n of result.settled) this.#onSettled(input.settlements[n] as Settlement)
    for (const claim of result.claimed) this.#onClaimed(claim, halted)
    return result
  }

  /** Leases that run out are told to `onLapse` first. */
  sweep(input: SweepInput): SweepResult {
    this.#open()
    const before = [...this.model.runs.values()].flatMap((run) =>
      run.tasks.flatMap(({ worker, fence, status, recoveries }, idx) =>
        worker !== null && (status === 'in_progress' || status === 'verifying')
          ? [{ run, idx, worker, fence, recoveries }]
          : [],
      ),
    )
    const page = modelSweep(this.model, input, this.#time.now)
    for (const { run, idx, worker, fence, recoveries } of before)
      if ((run.tasks[idx]?.recoveries ?? 0) > recoveries) this.onLapse(worker, { runId: run.id, idx, fence })
    return page
  }

  park(tasks: readonly TaskRef[]): void {
    this.#open()
    modelPark(this.model, tasks, this.#time.now)
  }

  unpark(input: ModelDraw): Unparked {
    this.#open()
    return modelUnpark(this.model, input, this.#time.now)
  }

  knock(): readonly WakeUp[] {
    this.#open()
    return modelKnock(this.model, this.#time.now)
  }

  heartbeat(claims: readonly Claim[], leaseMs: number): Claim[] {
    this.#open()
    return modelHeartbeat(this.model, claims, leaseMs, this.#time.now)
  }

  recountPools(): number {
    this.#open()
    return modelRecountPools(this.model)
  }

  takeOver(worker: string): void {
    if (this.#time.now >= this.awayUntil) modelExpireLeasesOf(this.model, worker, this.#time.now)
  }

  isPaused(runId: number): boolean {
    this.#open()
    return this.run(runId).status === 'paused'
  }

  finish(runId: number): boolean {
    this.#open()
    return modelFinish(this.run(runId))
  }

  cancel(runId: number): boolean {
    return modelCancel(this.run(runId)) !== null
  }

  pause(runId: number): boolean {
    return modelPause(this.run(runId))
  }

  resume(runId: number): ReturnType<typeof modelResume> {
    return modelResume(this.run(runId), this.#time.now)
  }

  #open(): void {
    if (this.#time.now >= this.awayUntil) return
    this.awayAt = this.#time.now
    throw connectionLost()
  }

  #watch({ runId, idx }: TaskRef): Watched {
    const key = `${runId}/${idx}`
    const known = this.#watched.get(key)
    if (known) return known
    const watched = { highest: 0, finished: false }
    this.#watched.set(key, watched)
    return watched
  }

  #onSettled(settlement: Settlement): void {
    if (settlement.verb !== 'complete' && settlement.verb !== 'fail') return
    const watched = this.#watch(settlement)
    const where = `task ${settlement.runId}/${settlement.idx}`
    if (watched.finished) this.#violations.add('finished_twice', where)
    if (settlement.fence < watched.highest)
      this.#violations.add(
        'old_fence_won',
        `${where} at fence ${settlement.fence}, after a claim at ${watched.highest}`,
      )
    watched.finished = true
  }

  #onClaimed(claim: StepResult['claimed'][number], halted: ReadonlySet<number>): void {
    const where = `task ${claim.runId}/${claim.idx}`
    const watched = this.#watch(claim)
    const run = this.run(claim.runId)
    if (watched.finished) this.#violations.add('claimed_after_end', where)
    if (claim.fence <= watched.highest) this.#violations.add('fence_repeated', `${where} at ${claim.fence}`)
    if (halted.has(claim.runId)) this.#violations.add('claimed_while_halted', where)
    for (const dep of run.tasks[claim.idx]?.deps ?? [])
      if (!this.#watch({ runId: claim.runId, idx: dep }).finished)
        this.#violations.add('started_before_dependency', `${where} before ${dep}`)
    if (claim.tries > MAX_ATTEMPTS) this.#violations.add('too_many_tries', where)
    if (claim.recoveries > DEFAULT_MAX_RECOVERIES) this.#violations.add('too_many_recoveries', where)
    if (claim.revisions > DEFAULT_MAX_REVISIONS) this.#violations.add('too_many_revisions', where)
    watched.highest = claim.fence
  }
}

const ENDED: ReadonlySet<RunModel['status']> = new Set(['completed', 'failed', 'cancelled'])
