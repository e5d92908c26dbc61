import { claimRun, type ClaimedTask } from '@flotilla/db'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { completed, openSpine, type Spine } from './testing/spine-fixture.ts'
import type { WorkerEngineDeps } from './worker-engine-deps.ts'

type Stop = Parameters<WorkerEngineDeps['runTask']>[1]

const task = (key: string, ...dependsOn: string[]) => ({ key, role: 'writer', dependsOn })
const fired = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
/** Nothing but the queue brings a task back within the times asserted here. */
const SLOW = { sweepMs: 60_000 }
const DRAIN_MS = 5_000

describeOnEachBackend('draining', (backend) => {
  describe.each([0, 200])('with trees up to %i tasks', (treeMax) => {
    let spine: Spine
    beforeEach(async () => {
      spine = await openSpine(backend, treeMax)
    })
    afterEach(() => spine.close())

    /** A worker whose tasks run until one of `ends` fires, and are handed back then. */
    async function busy(ends: (stop: Stop) => AbortSignal) {
      const started: ClaimedTask[] = []
      const engine = await spine.work(async () => ({}), {
        ...SLOW,
        runTask: async (each, stop) => {
          started.push(each)
          await fired(ends(stop))
          return { ...completed(each), verb: 'release', data: { kind: each.kind } }
        },
      })
      return { engine, started }
    }

    it.each([
      ['that yields', (stop: Stop) => stop.yielding],
      ['that is stopped in the end', (stop: Stop) => stop.signal],
    ])('hands a task back %s, and another worker goes on at once', async (_what, ends) => {
      const { engine, started } = await busy(ends)
      const runId = await spine.submit([task('a'), task('b'), task('c', 'a', 'b')])
      await until(() => started.length === 2, { what: 'two tasks run' })
      const ran: ClaimedTask[] = []
      await spine.work(async (each) => (ran.push(each), {}), SLOW)
      const begunAt = performance.now()
      await engine.stop(DRAIN_MS)
      expect(performance.now() - begunAt).toBeLessThan(DRAIN_MS)
      expect(await spine.ended(runId)).toBe('completed')
      expect(ran.map(({ kind, tries }) => `${kind} ${tries}`)).toEqual(['continuation 1', 'continuation 1', 'first 1'])
      const { rows } = await spine.pool.query<{ idx: number; gap: number }>(
        `select a.idx, extract(epoch from b.started_at - a.finished_at)::float8 * 1000 as gap
         from flotilla.attempts a join flotilla.attempts b using (run_id, idx)
         where run_id = $1 and a.status = 'released' and b.number = a.number + 1 order by idx`,
        [runId],
      )
      expect(rows.map(({ idx }) => idx)).toEqual([0, 1])
      for (const { gap } of rows) expect(gap).toBeLessThan(1_000)
    })

    it('hands on what became ready by its last settlements', async () => {
      const first = Promise.withResolvers<void>()
      let running = 0
      const engine = await spine.work(async () => ({}), {
        ...SLOW,
        runTask: async (each) => {
          running += 1
          await first.promise
          return completed(each)
        },
      })
      const runId = await spine.submit([task('a'), task('b', 'a'), task('c', 'b')])
      await until(() => running === 1, { what: 'the first task runs' })
      const ran: number[] = []
      await spine.work(async ({ idx }) => (ran.push(idx), {}), SLOW)
      const stopped = engine.stop(DRAIN_MS)
      first.resolve()
      await stopped
      expect(await spine.ended(runId)).toBe('completed')
      expect({ running, ran }).toEqual({ running: 1, ran: [1, 2] })
    })

    it('gives back the planning that does not end', async () => {
      let claimed = 0
      const over = Promise.withResolvers<void>()
      const engine = await spine.work(async () => ({}), {
        ...SLOW,
        planRun: async (runId, leases) => {
          const claim = await claimRun(spine.db, { runId, phase: 'plan', worker: 'w1', leaseMs: 60_000 })
          if (claim === null) return false
          claimed += 1
          leases.hold(claim)
          await over.promise
          return true
        },
      })
      const runId = await spine.submit([task('a')])
      await until(() => claimed === 1, { what: 'the run is being planned' })
      await spine.work(async () => ({}), SLOW)
      await engine.stop(500)
      over.resolve()
      expect(await spine.ended(runId)).toBe('completed')
    })
  })
})
