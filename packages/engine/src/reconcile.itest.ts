import { readEndedRun, readUnlearned, replaceRoleLimits, step, type RunWakeUp, type WakeUp } from '@flotilla/db'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cancelRun } from './cancel-run.ts'
import { nextSpared, reconcile, reconcileReads, type Reconciled } from './reconcile.ts'
import { openRuns, type Runs } from './testing/run-fixture.ts'
import { runState, told } from './testing/run-reads.ts'

let runs: Runs
let woken: WakeUp[]
let plans: RunWakeUp[]
let finishes: RunWakeUp[]
let learns: number[]
let moved: number[]
let wipes = 0
beforeAll(async () => {
  runs = await openRuns()
})
beforeEach(async () => {
  await runs.pool.query('delete from flotilla.runs')
  runs.say({})
  ;[woken, plans, finishes, learns, moved] = [[], [], [], [], []]
  wipes = 0
})
afterAll(() => runs.close())

/** A round; 1 is one in which nothing but the sweep has its turn. */
const round = (n: number, waiting: number | null = 5, wiped = false, spared = 0): Promise<Reconciled> =>
  reconcile(
    {
      record: reconcileReads(runs.pool, runs.db),
      waiting: async () => waiting,
      wiped: async () => wiped,
      onWiped: () => void wipes++,
      wake: (tasks) => woken.push(...tasks),
      wakePlan: (run) => plans.push(run),
      wakeFinish: (run) => finishes.push(run),
      wakeLearn: (runId) => learns.push(runId),
      settle: async (settlement) => {
        const shared = { claims: [], cap: 0, served: [], leaseMs: 1_000, worker: 'reconciler' }
        for (const runId of (await step(runs.pool, { settlements: [settlement], ...shared })).closed)
          finishes.push({ runId, priority: 5 })
      },
      onMoved: (ids) => moved.push(...ids),
    },
    n,
    { spared },
  )

async function planned(count: number): Promise<number> {
  const tasks = Array.from({ length: count }, (_, i) => ({ key: `t${i}`, role: 'writer' }))
  const runId = await runs.submit({ plan: { tasks } })
  await runs.plan(runId)
  return runId
}
const claim = (runId: number, ...tasks: number[]) =>
  step(runs.pool, {
    settlements: [],
    claims: tasks.map((idx) => ({ runId, idx })),
    cap: 0,
    served: null,
    leaseMs: 60_000,
    worker: 'w1',
  })
const set = (columns: string, runId: number): Promise<unknown> =>
  runs.pool.query(`update flotilla.tasks set ${columns} where run_id = $1`, [runId])
const OVERDUE = `due = clock_timestamp() - interval '1 s'`

describe('a round of the reconciler', () => {
  it('recovers what a lost worker held, and has it woken', async () => {
    const runId = await planned(2)
    await claim(runId, 0, 1)
    await set(OVERDUE, runId)
    expect(await round(1)).toMatchObject({ recovered: 2, woken: 0, poisoned: 0 })
    expect(new Set(woken.map((task) => task.idx))).toEqual(new Set([0, 1]))
    expect(moved).toEqual([runId])
  })

  it('wakes what rests for a lane that was opened since', async () => {
    const runId = await planned(2)
    const wait = { at: Date.now() - 60_000, until: Date.now() + 300_000, laneId: 'opened', times: 1 }
    await runs.pool.query(
      `update flotilla.tasks set wait = $2, not_before = clock_timestamp() + interval '5 min', due = clock_timestamp() + interval '5 min'
       where run_id = $1 and idx = 1`,
      [runId, JSON.stringify(wait)],
    )
    const opened = JSON.stringify({ closedUntil: 1, openedAt: Date.now() })
    await runs.pool.query(`insert into flotilla.model_lanes (id, state) values ('opened', $1)`, [opened])
    expect(await round(1)).toMatchObject({ outlived: 0 })
    expect(await round(4)).toMatchObject({ outlived: 1 })
    expect(woken).toMatchObject([{ runId, idx: 1, delayMs: 0 }])
  })

  it('wakes again what was woken a moment ago when the queue has lost it, but not what is to wait', async () => {
    const runId = await planned(3)
    await set(`due = clock_timestamp() + interval '2 s'`, runId)
    await runs.pool.query(
      `update flotilla.tasks set due = clock_timestamp() + interval '20 s', not_before = clock_timestamp() + interval '17 s'
       where run_id = $1 and idx = 1`,
      [runId],
    )
    expect(await round(1)).toMatchObject({ woken: 0 })
    expect(await round(1, 5, true)).toMatchObject({ woken: 2 })
    expect(new Set(woken.map((task) => task.idx))).toEqual(new Set([0, 2]))
    expect(wipes).toBe(1)
    expect(await round(1, 5, false)).toMatchObject({ woken: 0 })
  })

  it('buries a task that has killed too many workers, and with it ends the run', async () => {
    const runId = await planned(1)
    await claim(runId, 0)
    await set(`${OVERDUE}, recoveries = 5`, runId)
    expect(await round(1)).toMatchObject({ poisoned: 1, recovered: 0 })
    expect(finishes).toEqual([{ runId, priority: 5 }])
    const failed = (await told(runs, runId)).find((event) => event.type === 'task.failed')
    expect(failed?.data['error']).toEqual({
      code: 'worker_lost',
      message: 'the worker was lost 6 times while running this task; it is not tried again',
    })
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying' })
  })

  it('ends with its run a task that nobody claims within its limit, and says so', async () => {
    const tasks = [{ key: 'a', role: 'writer', scheduleToStartSeconds: 60 }]
    const runId = await runs.submit({ plan: { tasks } })
    await runs.plan(runId)
    expect(await round(2)).toMatchObject({ unstarted: 0 })
    await runs.pool.query(`update flotilla.runs set started_at = now() - interval '61 s' where id = $1`, [runId])
    expect(await round(2)).toMatchObject({ unstarted: 1 })
    expect(finishes).toEqual([{ runId, priority: 5 }])
    const ended = await readEndedRun(runs.db, runId)
    expect(ended?.tasks).toMatchObject([{ status: 'failed', attempt: 0, error: { code: 'start_timeout' } }])
  })

  it.each([
    [1, 5, 0],
    [1, null, 0],
    [1, 0, 2],
    [10, 5, 2],
  ])('%i wakes overdue tasks again, with %s jobs waiting: %i', async (n, waiting, expected) => {
    const runId = await planned(2)
    await set(OVERDUE, runId)
    expect(await round(n, waiting)).toMatchObject({ woken: expected })
    expect(woken).toHaveLength(expected)
  })

  it('looks into an empty queue every third round where tasks are parked, which no queue holds, and at once into a lost one', async () => {
    const runId = await planned(2)
    await set(OVERDUE, runId)
    expect(await round(1, 0, false, 2)).toMatchObject({ woken: 0 })
    expect(await round(1, 0, true, 2)).toMatchObject({ woken: 2 })
    expect(nextSpared(0, { knocks: 1 })).toBe(2)
    expect([2, 1, 0].map((spared) => nextSpared(spared, { knocks: 0 }))).toEqual([1, 0, 0])
  })

  it('wakes for planning and finishing', async () => {
    const ended = await planned(1)
    await runs.work(ended)
    const created = await runs.submit({ priority: 8 })
    for (const runId of [created, ended]) await runs.hurry(runId)
    expect(await round(1)).toMatchObject({ plans: 1, finishes: 1 })
    expect([plans, finishes]).toEqual([[{ runId: created, priority: 8 }], [{ runId: ended, priority: 5 }]])
  })

  it('hands ended runs to be learned from, now and then', async () => {
    const runId = await planned(1)
    await runs.work(runId)
    await runs.finish(runId)
    await round(1)
    expect(learns).toEqual([])
    expect(await round(5)).toMatchObject({ learned: 1 })
    expect(learns).toEqual([runId])
    expect(await readUnlearned(runs.db, 9)).toEqual([runId])
  })

  it('gives back the limit that a cancelled run had used up', async () => {
    await replaceRoleLimits(runs.db, [{ role: 'writer', max: 1 }])
    const [gone, waits] = [await planned(1), await planned(1)]
    await claim(gone, 0)
    const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [gone])
    await cancelRun({ db: runs.app, hints: runs.deps.hints }, { workspaceId: 1, runId: rows[0]?.uid ?? '' })
    expect((await claim(waits, 0)).wait).toHaveLength(1)
    expect(await round(4)).toMatchObject({ recounted: 1 })
    expect((await claim(waits, 0)).claimed).toHaveLength(1)
    await replaceRoleLimits(runs.db, [])
  })

  it('goes over more runs than stand on one page, also of tables that are known as empty', async () => {
    const plantLost = () =>
      runs.pool.query(
        `with r as (
           insert into flotilla.runs (workspace_id, uid, status, auto_start, expanded, priority, total, todo)
           select 1, 'run_many_' || n, 'executing', true, true, 5, 1, 1 from generate_series(1, 450) n returning id)
         insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, fence, attempt, worker, deps, outs, due, started_at)
         select id, 0, 1, 'writer', 5, 'in_progress', 1, 1, 'gone', '{}', '{}', clock_timestamp() - interval '1 s', clock_timestamp() from r`,
      )
    await plantLost()
    await runs.pool.query('delete from flotilla.runs')
    await runs.analyze()
    await plantLost()
    expect(await round(1)).toMatchObject({ recovered: 450 })
    expect(new Set(woken.map((task) => task.runId)).size).toBe(450)
  })
})
