import { systemTimers } from '@flotilla/runtime'
import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSpine, type Spine } from './testing/spine-fixture.ts'

const SLOTS = 4

let spine: Spine
/** Workspaces of the tasks that began, in their order. */
let starts: number[]

const took = (ms: number): Promise<void> => new Promise((resolve) => void systemTimers.after(ms, resolve))
const tasks = (n: number, more: Readonly<{ role?: string }> = {}) =>
  Array.from({ length: n }, (_, i) => ({ key: `t${i}`, role: 'writer', ...more }))
const chains = (n: number, length: number) =>
  Array.from({ length: n * length }, (_, i) => ({
    key: `t${i}`,
    role: 'writer',
    dependsOn: i % length === 0 ? [] : [`t${i - 1}`],
  }))
/** `held`: until then no task ends. */
const work = (ms: number, held: Promise<void> = Promise.resolve()) =>
  spine.work(
    async (task) => {
      starts.push(task.workspaceId)
      await held
      await took(ms)
      return {}
    },
    { concurrency: SLOTS },
  )
const begun = (n: number, from = 0): Promise<true> =>
  until(() => starts.length - from >= n || null, { what: `${n} tasks have begun`, timeoutMs: 60_000 })
const parkedOf = (workspaceId: number): Promise<true> =>
  until(
    async () => {
      const { rows } = await spine.pool.query('select from flotilla.parked where workspace_id = $1', [workspaceId])
      return rows.length > 0 || null
    },
    { what: `something of workspace ${workspaceId} is parked`, timeoutMs: 60_000 },
  )
/** How many tasks of others began after the run's were ready and before the last of them had begun, by the record. */
async function goneBefore(runId: number): Promise<number> {
  const { rows } = await spine.pool.query<{ n: number }>(
    `select count(*)::int as n from flotilla.events e, (
       select min(at) filter (where type = 'task.ready') as ready, max(at) filter (where type = 'task.started') as started
       from flotilla.events where run_id = $1) own
     where e.run_id <> $1 and e.type = 'task.started' and e.at > own.ready and e.at < own.started`,
    [runId],
  )
  return rows[0]?.n ?? -1
}

describeOnEachBackend('places go by share', (backend) => {
  beforeEach(async () => {
    spine = await openSpine(backend, 200)
    starts = []
    await spine.pool.query(
      `insert into flotilla.workspaces (id, uid, name, weight) values (2, 'wsp_2', 'two', 2), (4, 'wsp_4', 'four', 4)`,
    )
  })
  afterEach(() => spine.close())

  describe.each([1, 2])('of %i workers', (workers) => {
    it.each([
      ['one run of 10,000 tasks', () => [tasks(10_000)]],
      ['40 runs, each larger than all places', () => Array.from({ length: 40 }, () => tasks(20))],
      ['40 runs of chains', () => Array.from({ length: 40 }, () => chains(3, 20))],
    ])("with %s waiting, another workspace's three begin before as many more as there are places", async (_, plans) => {
      // Long enough that a busy machine hears of the newcomer within one task.
      for (let n = 0; n < workers; n++) await work(300)
      for (const plan of plans()) await spine.submit(plan)
      await parkedOf(1)
      await begun(3 * workers * SLOTS)
      const runId = await spine.submit(tasks(3), 2)
      expect(await spine.ended(runId)).toBe('completed')
      expect(await goneBefore(runId)).toBeLessThanOrEqual(workers * SLOTS)
    })

    it('in proportion to the weights of the workspaces', async () => {
      const held = Promise.withResolvers<void>()
      for (let n = 0; n < workers; n++) await work(5, held.promise)
      for (const workspaceId of [1, 2, 4]) await spine.submit(tasks(1_300), workspaceId)
      for (const workspaceId of [1, 2, 4]) await parkedOf(workspaceId)
      held.resolve()
      // What had a place, or stood in the queue, before the others came is no share of anything.
      const from = starts.length + 200
      await begun(1_400, from)
      const window = starts.slice(from, from + 1_400)
      for (const weight of [1, 2, 4]) {
        const had = window.filter((each) => each === weight).length
        expect(Math.abs(had - 200 * weight)).toBeLessThanOrEqual(0.05 * 200 * weight)
      }
    })
  })
})
