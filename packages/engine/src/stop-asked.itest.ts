import { NO_USAGE, type Result } from '@flotilla/domain'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cancelRun } from './cancel-run.ts'
import { createLocalHints } from './hints.ts'
import { pauseRun } from './pause-run.ts'
import { resumeRun } from './resume-run.ts'
import type { RunRef } from './run-control.ts'
import { completed, openSpine, type Spine } from './testing/spine-fixture.ts'
import type { WorkerEngineDeps } from './worker-engine-deps.ts'

type Stop = Parameters<WorkerEngineDeps['runTask']>[1]
type Held = { worker: string; stop: Stop; abortedAt: number | null; yieldedAt: number | null }

const STOPPED_MS = 2_000
const task = (key: string, ...dependsOn: string[]) => ({ key, role: 'writer', dependsOn })
const used = { ...NO_USAGE, inputTokens: 10, modelCalls: 1 }

describeOnEachBackend('stopping without a hint', (backend) => {
  let spine: Spine
  let held: Held[]
  let hints: ReturnType<typeof createLocalHints>
  beforeEach(async () => {
    spine = await openSpine(backend, 0)
    held = []
    hints = createLocalHints()
  })
  afterEach(() => spine.close())

  /**
   * A worker that hears no hints but of what is parked, and holds one task at a time until it is told to stop. Without those
   * hints a full worker's waiting fetch may have a task that the other one only looks for within 3 s.
   */
  const deafWorker = (worker: string) =>
    spine.work(async () => ({}), {
      worker,
      hints: { ...hints, publish: (hint) => 'parked' in hint && hints.publish(hint) },
      // It would hear of the role by a hint.
      roles: { planner: true, agents: ['writer'], verifier: true, learner: true, maintenance: true },
      concurrency: 1,
      // Neither notices anything within the test.
      leaseMs: 60_000,
      heartbeatMs: 30_000,
      runTask: async (claimed, stop) => {
        const each: Held = { worker, stop, abortedAt: null, yieldedAt: null }
        held.push(each)
        const ended = Promise.withResolvers<void>()
        stop.signal.addEventListener('abort', () => ended.resolve((each.abortedAt = performance.now()) as never))
        stop.yielding.addEventListener('abort', () => ended.resolve((each.yieldedAt = performance.now()) as never))
        await ended.promise
        return { ...completed(claimed), verb: 'release', data: { kind: claimed.kind, usage: used, spent: used } }
      },
    })
  const deps = () => ({
    db: spine.db,
    hints: createLocalHints(),
    wake: { plan: spine.producer.wakePlan, finish: spine.producer.wakeFinish, tasks: spine.producer.wakeTasks },
  })
  const rows = async <T extends object>(text: string, runId: number): Promise<T[]> =>
    (await spine.pool.query<T>(text, [runId])).rows
  const refOf = async (runId: number): Promise<RunRef> => {
    const [row] = await rows<{ uid: string }>('select uid from flotilla.runs where id = $1', runId)
    return { workspaceId: 1, runId: row?.uid ?? '' }
  }
  const controlled = async <T>(result: Promise<Result<T>>): Promise<number> => {
    const at = performance.now()
    expect(await result).toMatchObject({ ok: true })
    return at
  }
  /** Two tasks, one on each of two workers. */
  async function onBothWorkers(): Promise<number> {
    await Promise.all([deafWorker('w1'), deafWorker('w2')])
    const runId = await spine.submit([task('a'), task('b'), task('c', 'a')])
    await until(() => held.length === 2, { what: 'both workers hold a task' })
    expect(new Set(held.map(({ worker }) => worker)).size).toBe(2)
    return runId
  }

  it('cuts off what is cancelled on every worker within 2 s, and the receipt tells of it', async () => {
    const runId = await onBothWorkers()
    const at = await controlled(cancelRun(deps(), await refOf(runId)))
    await until(() => held.every(({ abortedAt }) => abortedAt !== null), { what: 'both are cut off' })
    for (const { abortedAt, stop } of held) {
      expect((abortedAt ?? 0) - at).toBeLessThan(STOPPED_MS)
      expect(stop.signal.reason).toMatchObject({ kind: 'cancelled' })
    }
    const receipt = () =>
      rows<{ calls: number; tasks: object; late: object }>(
        'select calls, tasks, late from flotilla.cancellations where run_id = $1',
        runId,
      )
    await until(async () => (await receipt())[0]?.calls === 2, { what: 'both have told what they used' })
    expect(await receipt()).toMatchObject([
      { calls: 2, tasks: { in_progress: 2, pending: 1 }, late: { inputTokens: 20, modelCalls: 2 } },
    ])
    expect(await rows('select input_tokens, model_calls from flotilla.runs where id = $1', runId)).toEqual([
      { input_tokens: 20, model_calls: 2 },
    ])
    expect(held).toHaveLength(2)
  })

  it('has what is paused yield, hands it back without a try, and goes on at once after the resume', async () => {
    const runId = await onBothWorkers()
    const at = await controlled(pauseRun(deps(), await refOf(runId)))
    const released = () => rows("select from flotilla.attempts where run_id = $1 and status = 'released'", runId)
    await until(async () => (await released()).length === 2, { what: 'both tasks are handed back' })
    for (const { yieldedAt, abortedAt } of held) {
      expect((yieldedAt ?? 0) - at).toBeLessThan(STOPPED_MS)
      expect(abortedAt).toBeNull()
    }
    expect(held).toHaveLength(2)
    const resumedAt = await controlled(resumeRun(deps(), await refOf(runId)))
    await until(() => held.length === 4, { what: 'both are held again' })
    expect(performance.now() - resumedAt).toBeLessThan(1_000)
    const again = await rows<{ kind: string; tries: number }>(
      'select kind, tries from flotilla.tasks where run_id = $1 and idx < 2',
      runId,
    )
    expect(again).toEqual([
      { kind: 'continuation', tries: 1 },
      { kind: 'continuation', tries: 1 },
    ])
  })

  it('cuts off what is past its deadline, and the run is finished', async () => {
    const runId = await onBothWorkers()
    await rows('update flotilla.runs set deadline = clock_timestamp() where id = $1', runId)
    const at = performance.now()
    await until(() => held.every(({ abortedAt }) => abortedAt !== null), { what: 'both are cut off' })
    for (const { abortedAt } of held) expect((abortedAt ?? 0) - at).toBeLessThan(STOPPED_MS)
    await spine.ended(runId)
    const spent = () => rows<{ n: number }>('select model_calls as n from flotilla.runs where id = $1', runId)
    await until(async () => (await spent())[0]?.n === 2, { what: 'what was used is counted' })
    expect(await rows('select distinct status from flotilla.tasks where run_id = $1', runId)).toEqual([
      { status: 'cancelled' },
    ])
  })
})
