import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { replaceRoleLimits } from '../agents/seed.ts'
import { createDb, inWorkspace } from '../connect.ts'
import { recordCancel } from '../runs/cancel.ts'
import { lockRun } from '../runs/transitions.ts'
import { openRecord, settle, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { statuses } from '../testing/record-reads.ts'
import { recountPools } from './recount-pools.ts'
import type { ClaimedTask } from './step.ts'
import { sweep } from './transitions.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
beforeEach(async () => {
  await record.pool.query('delete from flotilla.runs')
  await replaceRoleLimits(record.db, [])
})
afterAll(() => record.close())

const limit = (role: string, max: number) => ({ role, max })
const refs = (runId: number, ...tasks: number[]) => tasks.map((idx) => ({ runId, idx }))
const running = async (): Promise<Record<string, number>> => {
  const { rows } = await record.pool.query<{ role: string; running: number }>(
    'select role, running from flotilla.pools',
  )
  return Object.fromEntries(rows.map((row) => [row.role, row.running]))
}

describe('a fleet-wide limit of a role', () => {
  it('lets in as many as fit; the others wait, still claimable', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 2)])
    const runId = await record.plant([{}, {}, {}, { role: 'reviewer' }])
    const { claimed, wait, wake } = await record.step({ claims: refs(runId, 0, 1, 2, 3) })
    expect(claimed.filter((task) => task.role === 'writer')).toHaveLength(2)
    expect(claimed.filter((task) => task.role === 'reviewer')).toHaveLength(1)
    expect(wait).toMatchObject([{ runId, role: 'writer', delayMs: 0, judge: false }])
    expect(wake).toEqual([])
    expect((await statuses(record.pool, runId)).toSorted()).toEqual([
      'in_progress',
      'in_progress',
      'in_progress',
      'ready',
    ])
    expect(await running()).toEqual({ writer: 2 })
  })

  it('counts what a settlement in the same step frees', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 1)])
    const runId = await record.plant([{}, {}, { deps: [0] }])
    await record.step({ claims: refs(runId, 0) })
    const { claimed, wake, wait } = await record.step({
      settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete')],
      claims: refs(runId, 1),
      cap: 5,
    })
    // What came by wake-up goes first; the dependent is woken, and waits in its queue.
    expect(claimed).toMatchObject([{ idx: 1 }])
    expect(wake).toMatchObject([{ idx: 2 }])
    expect(wait).toEqual([])
    expect(await running()).toEqual({ writer: 1 })
  })

  it('does not hold up judges, nor is it used up by them', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 1)])
    const runId = await record.plant([{}, { status: 'to_verify' }, { status: 'to_verify' }])
    const { claimed } = await record.step({ claims: refs(runId, 0, 1, 2) })
    expect(claimed).toHaveLength(3)
    expect(await running()).toEqual({ writer: 1 })
    await record.step({
      settlements: [1, 2].map((idx) => settle({ runId, idx, fence: 1 }, 'complete', { judged: true })),
    })
    expect(await running()).toEqual({ writer: 1 })
  })

  it.each(['complete', 'fail', 'retry', 'verify', 'revise', 'release'] as const)(
    'is given back by %s',
    async (verb) => {
      await replaceRoleLimits(record.db, [limit('writer', 3)])
      const runId = await record.plant([{}, {}])
      await record.step({ claims: refs(runId, 0, 1) })
      await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, verb)] })
      expect(await running()).toEqual({ writer: 1 })
    },
  )

  it('is not given back by a settlement that is refused', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 3)])
    const runId = await record.plant([{}])
    await record.step({ claims: refs(runId, 0) })
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 0 }, 'complete')] })
    expect(await running()).toEqual({ writer: 1 })
  })

  it('of zero lets nothing in', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 0)])
    const runId = await record.plant([{}])
    expect(await record.step({ claims: refs(runId, 0) })).toMatchObject({ claimed: [], wait: [{ idx: 0 }] })
  })

  it('is given back by the recovery of a lost worker', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 3), limit('reviewer', 3)])
    const runId = await record.plant([{}, { role: 'reviewer' }, {}])
    await record.step({ claims: refs(runId, 0, 1, 2) })
    await record.pool.query('update flotilla.tasks set due = clock_timestamp() where run_id = $1 and idx < 2', [runId])
    await sweep(record.pool, { after: runId - 1, limit: 1, ready: false, deep: false, maxRecoveries: 5 })
    expect(await running()).toEqual({ writer: 1, reviewer: 0 })
  })

  it('that is set while tasks run counts them from the start', async () => {
    const runId = await record.plant([{}, {}, {}])
    await record.step({ claims: refs(runId, 0, 1) })
    await replaceRoleLimits(record.db, [limit('writer', 3)])
    expect(await running()).toEqual({ writer: 2 })
  })
})

describe('two limits', () => {
  /** A chain of tasks, each of the other role than the one before it. */
  const chain = (...roles: [string, string]): Seedling[] =>
    Array.from({ length: 40 }, (_, i) => ({ role: roles[i % 2] as string, ...(i === 0 ? {} : { deps: [i - 1] }) }))

  /** Runs a chain to its end, each step settling a task of one role and claiming one of the other. */
  async function walk(runId: number): Promise<number> {
    let task = (await record.step({ claims: refs(runId, 0) })).claimed[0]
    let steps = 0
    for (; task !== undefined; steps++)
      task = (await record.step({ settlements: [settle(task, 'complete')], cap: 1 })).claimed[0]
    return steps
  }

  it('are taken in one order by all steps, which therefore never deadlock', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 100), limit('reviewer', 100)])
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        record.plant(i % 2 === 0 ? chain('writer', 'reviewer') : chain('reviewer', 'writer')),
      ),
    )
    expect(await Promise.all(runs.map(walk))).toEqual(runs.map(() => 40))
    expect(await running()).toEqual({ writer: 0, reviewer: 0 })
  })
})

describe('the recount', () => {
  it('frees what a cancelled run has held', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 2), limit('reviewer', 9)])
    const [gone, stays] = [await record.plant([{}, {}]), await record.plant([{}, { role: 'reviewer' }])]
    await record.step({ claims: [...refs(gone, 0, 1), ...refs(stays, 1)] })
    await cancel(gone)
    expect(await record.step({ claims: refs(stays, 0) })).toMatchObject({
      claimed: [],
      wait: [{ runId: stays, idx: 0 }],
    })
    expect(await recountPools(record.db)).toBe(1)
    expect(await running()).toEqual({ writer: 0, reviewer: 1 })
    expect((await record.step({ claims: refs(stays, 0) })).claimed).toHaveLength(1)
    expect(await recountPools(record.db)).toBe(0)
  })

  it('mends a count that is too small, too', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 2)])
    const runId = await record.plant([{}, {}])
    await record.step({ claims: refs(runId, 0, 1) })
    await record.pool.query('update flotilla.pools set running = 0')
    expect(await recountPools(record.db)).toBe(1)
    expect(await running()).toEqual({ writer: 2 })
  })

  it('has nothing to do without limits', async () => {
    expect(await recountPools(record.db)).toBe(0)
  })

  it('does not disturb steps that run beside it', async () => {
    await replaceRoleLimits(record.db, [limit('writer', 3)])
    const runs = await Promise.all(
      Array.from({ length: 4 }, () =>
        record.plant(Array.from({ length: 25 }, (_, i): Seedling => (i === 0 ? {} : { deps: [i - 1] }))),
      ),
    )
    const walks = { done: false }
    const recounting = (async () => {
      let wrong = 0
      while (!walks.done) wrong += await recountPools(record.db)
      return wrong
    })()
    const walk = async (runId: number): Promise<void> => {
      let task: ClaimedTask | undefined
      for (let idx = 0; idx < 25;) {
        task ??= (await record.step({ claims: refs(runId, idx) })).claimed[0]
        if (task === undefined) continue // no room at this moment
        task = (await record.step({ settlements: [settle(task, 'complete')], cap: 1 })).claimed[0]
        idx++
      }
    }
    await Promise.all(runs.map(walk))
    walks.done = true
    expect(await recounting).toBe(0)
    expect(await running()).toEqual({ writer: 0 })
  })
})

async function cancel(runId: number): Promise<void> {
  const { rows } = await record.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  const cancelled = await inWorkspace(createDb(record.open('app', 1)), 1, async (tx) => {
    const run = await lockRun(tx, rows[0]?.uid ?? '')
    return run && recordCancel(tx, run)
  })
  expect(cancelled).toBe(2)
}
