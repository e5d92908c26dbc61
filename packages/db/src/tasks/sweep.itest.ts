import { recoveryDelayMs, type RunStatus } from '@flotilla/domain'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRecord, settle, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { readAttempts, readLog, readRun, readTask, readTasks, statuses } from '../testing/record-reads.ts'
import { expireLeasesOf } from './take-over.ts'
import { sweep, type SweepInput } from './transitions.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
beforeEach(async () => {
  await record.pool.query('delete from flotilla.runs')
})
afterAll(() => record.close())

const run = (input: Partial<SweepInput> = {}) =>
  sweep(record.pool, { after: 0, limit: 100, ready: false, deep: false, maxRecoveries: 5, ...input })
const QUIET = { wake: [], recovered: [], poisoned: [], plan: [], finish: [] }
const lapsed: Seedling = { status: 'in_progress', fence: 3, attempt: 2, worker: 'gone', dueMs: -1_000 }

describe('a lease that ran out', () => {
  it('is recovered: the fence moves, the attempt is lost, the next one goes on from it', async () => {
    const runId = await record.plant([{ ...lapsed, kind: 'retry', tries: 2 }, { status: 'in_progress' }])
    const result = await run()
    expect(result).toEqual({
      ...QUIET,
      last: runId,
      recovered: [{ runId, idx: 0, role: 'writer', delayMs: 0, judge: false, priority: 5 }],
    })
    expect(await readTask(record.pool, runId, 0)).toMatchObject({
      status: 'ready',
      fence: 4,
      attempt: 2,
      kind: 'recovery',
      tries: 2,
      recoveries: 1,
      worker: null,
      dueWithinMs: 5_000,
    })
    expect(await readTask(record.pool, runId, 1)).toMatchObject({ status: 'in_progress', fence: 1 })
    expect(await readAttempts(record.pool, runId)).toMatchObject([
      { idx: 0, number: 2, kind: 'retry', status: 'lost', worker: 'gone', error: { code: 'worker_lost' } },
    ])
    expect(await readLog(record.pool, runId)).toMatchObject([
      {
        seq: 1,
        type: 'task.recovered',
        idx: 0,
        data: { attempt: 2, worker: 'gone', reason: 'lease_expired', delayMs: 0 },
      },
    ])
    expect((await record.step({ settlements: [settle({ runId, idx: 0, fence: 3 }, 'complete')] })).settled).toEqual([])
  })

  it('of a judge goes back to the judges, and nothing is told of it', async () => {
    const runId = await record.plant([{ ...lapsed, status: 'verifying', kind: 'revision' }])
    expect((await run()).recovered).toMatchObject([{ idx: 0, judge: true }])
    expect(await readTask(record.pool, runId, 0)).toMatchObject({
      status: 'to_verify',
      fence: 4,
      kind: 'revision',
      recoveries: 1,
    })
    expect(await readAttempts(record.pool, runId)).toEqual([])
    expect(await readLog(record.pool, runId)).toEqual([])
  })

  it('is not recovered once more than is allowed: it is handed out to be buried, under the fence that it has', async () => {
    const runId = await record.plant([
      { ...lapsed, recoveries: 5 },
      { ...lapsed, status: 'verifying', recoveries: 5 },
      { ...lapsed, recoveries: 4 },
    ])
    const { poisoned, recovered } = await run()
    expect(poisoned).toEqual([
      { runId, idx: 0, fence: 3, judged: false, worker: 'gone' },
      { runId, idx: 1, fence: 3, judged: true, worker: 'gone' },
    ])
    expect(recovered).toMatchObject([{ idx: 2 }])
    expect((await record.step({ settlements: poisoned.map((task) => settle(task, 'fail', task)) })).settled).toEqual([
      0, 1,
    ])
  })

  it('is not charged with it, nor buried, where it only stood beside a tool call', async () => {
    const runId = await record.plant([
      { ...lapsed, recoveries: 1 },
      { ...lapsed, recoveries: 5 },
      { ...lapsed, status: 'verifying' },
      { ...lapsed, worker: 'elsewhere', recoveries: 1 },
      { ...lapsed, recoveries: 1 },
    ])
    // A call that an earlier attempt has left open is none that killed this worker.
    await record.pool.query(
      `insert into flotilla.tool_calls (run_id, idx, attempt, turn, n, workspace_id, call_id, effect_id, tool, arguments, status, started_at)
       select run_id, idx, attempt, 1, 0, workspace_id, '', '', 'pay', '{}', 'started', started_at + x.later
       from flotilla.tasks join (values (0, interval '1 ms'), (4, interval '-1 h')) x(task, later) on idx = x.task where run_id = $1`,
      [runId],
    )
    const { recovered, poisoned } = await run()
    expect(poisoned).toEqual([])
    expect(recovered.map((task) => task.idx)).toEqual([0, 1, 2, 3, 4])
    const { rows } = await record.pool.query<{ recoveries: number }>(
      'select recoveries from flotilla.tasks where run_id = $1 order by idx',
      [runId],
    )
    expect(rows.map((row) => row.recoveries)).toEqual([2, 5, 0, 2, 1])
  })

  it('is recovered at once the first time, and later each time, as the domain says', async () => {
    const before = [0, 1, 2, 3, 4, 7, 20, 32_000]
    const runId = await record.plant([
      ...before.map((recoveries) => ({ ...lapsed, recoveries })),
      { ...lapsed, status: 'verifying' as const, recoveries: 2 },
    ])
    const { recovered } = await run({ maxRecoveries: 40_000 })
    const delays = before.map((recoveries) => recoveryDelayMs(recoveries + 1))
    expect(recovered.map((task) => task.delayMs)).toEqual([...delays, 2_000])
    const claims = recovered.map(({ idx }) => ({ runId, idx }))
    expect((await record.step({ claims })).claimed.map((task) => task.idx)).toEqual([0])
    // Neither its wake-up nor its next look comes before it may begin.
    const { rows } = await record.pool.query<{ idx: number; rest: number; look: number }>(
      `select t.idx, (extract(epoch from t.not_before - e.at) * 1000)::float8 as rest, (extract(epoch from t.due - e.at) * 1000)::float8 as look
       from flotilla.tasks t join flotilla.events e on e.run_id = t.run_id and e.idx = t.idx and e.type = 'task.recovered'
       where t.run_id = $1 and t.status = 'ready' order by t.idx`,
      [runId],
    )
    expect(rows).toEqual(delays.slice(1).map((rest, i) => ({ idx: i + 1, rest, look: rest + 3_000 })))
  })

  it('in a run that has ended is nobody’s business', async () => {
    await record.plant([lapsed], { status: 'cancelled', live: false })
    expect(await run({ ready: true, deep: true })).toEqual({ ...QUIET, last: null })
  })

  it('is made to run out by whoever takes over the name of its worker', async () => {
    const mine: Seedling = { status: 'in_progress', worker: 'me' }
    const runId = await record.plant([
      mine,
      { status: 'in_progress', worker: 'other' },
      { ...mine, status: 'verifying' },
    ])
    const planning = await record.plant([], { status: 'planning', expanded: false, holder: 'me', dueMs: 60_000 })
    expect(await expireLeasesOf(record.db, 'me')).toEqual({
      tasks: [
        { runId, idx: 0 },
        { runId, idx: 2 },
      ],
      runs: [planning],
    })
    const { recovered, plan } = await run()
    expect(recovered.map((task) => task.idx)).toEqual([0, 2])
    expect(await statuses(record.pool, runId)).toEqual(['ready', 'in_progress', 'to_verify'])
    expect(plan).toEqual([{ runId: planning, priority: 5 }])
  })
})

describe('what is claimable and overdue', () => {
  const OVERDUE: readonly Seedling[] = [
    { dueMs: -100 },
    { status: 'revising', dueMs: -100 },
    { status: 'to_verify', dueMs: -100, role: 'reviewer' },
    { dueMs: 60_000 },
    { status: 'pending', deps: [3] },
  ]

  it('is woken again where that is asked for, once in a while', async () => {
    const runId = await record.plant(OVERDUE, { priority: 8 })
    expect((await run()).wake).toEqual([])
    const task = (idx: number, role: string, judge: boolean) => ({ runId, idx, role, delayMs: 0, judge, priority: 8 })
    expect((await run({ ready: true })).wake).toEqual([
      task(0, 'writer', false),
      task(1, 'writer', false),
      task(2, 'reviewer', true),
    ])
    expect((await run({ ready: true })).wake).toEqual([])
    expect((await readTasks(record.pool, runId)).map((row) => row.dueWithinMs)).toEqual([
      5_000,
      5_000,
      5_000,
      60_000,
      null,
    ])
    expect(await readLog(record.pool, runId)).toEqual([])
  })

  it.each<RunStatus>(['awaiting_approval', 'paused'])('is left alone in a run that is %s', async (status) => {
    await record.plant(OVERDUE, { status })
    expect((await run({ ready: true, deep: true })).wake).toEqual([])
  })

  it('includes, on a deep round, what waits for nothing and should not be there', async () => {
    const runId = await record.plant([
      { status: 'completed' },
      { status: 'pending', deps: [0] },
      {},
      { status: 'pending', deps: [2] },
    ])
    expect((await run({ ready: true })).wake).toEqual([])
    expect((await run({ deep: true })).wake).toMatchObject([{ runId, idx: 1 }])
    expect(await statuses(record.pool, runId)).toEqual(['completed', 'ready', 'ready', 'pending'])
  })
})

describe('runs to plan and to finish', () => {
  it.each<[RunStatus, boolean, 'plan' | 'finish' | null]>([
    ['created', false, 'plan'],
    ['planning', false, 'plan'],
    ['executing', false, 'plan'],
    ['verifying', true, 'finish'],
    ['executing', true, null],
    ['awaiting_approval', false, null],
    ['paused', true, null],
  ])('that are %s (expanded: %s) and due: %s', async (status, expanded, list) => {
    const runId = await record.plant([{ status: 'completed' }], { status, expanded, dueMs: -100, priority: 7 })
    const woken = [{ runId, priority: 7 }]
    expect(await run()).toEqual({ ...QUIET, last: runId, ...(list ? { [list]: woken } : {}) })
    expect(await run()).toEqual({ ...QUIET, last: runId })
    if (list)
      expect(await readRun(record.pool, runId)).toMatchObject({ status, holder: null, fence: 0, dueWithinMs: 5_000 })
  })

  it('whose holder’s lease ran out lose him: his fence is old', async () => {
    const runId = await record.plant([], { status: 'planning', expanded: false, holder: 'gone', dueMs: -100 })
    const held = await record.plant([], { status: 'planning', expanded: false, holder: 'busy', dueMs: 60_000 })
    expect((await run()).plan).toEqual([{ runId, priority: 5 }])
    expect(await readRun(record.pool, runId)).toMatchObject({ holder: null, fence: 1 })
    expect(await readRun(record.pool, held)).toMatchObject({ holder: 'busy', fence: 0 })
  })
})

describe('the walk', () => {
  it('goes in pages over the live runs, and ends', async () => {
    const runs = []
    for (let i = 0; i < 5; i++) runs.push(await record.plant([lapsed]))
    const pages = []
    for (let after: number | null = 0; after !== null; after = pages.at(-1)?.last ?? null)
      pages.push(await run({ after, limit: 2 }))
    expect(pages.map((page) => page.last)).toEqual([runs[1], runs[3], runs[4], null])
    expect(pages.flatMap((page) => page.recovered.map((task) => task.runId))).toEqual(runs)
  })

  it('passes over runs that a step holds, without waiting and without stopping there', async () => {
    const [busy, free] = [await record.plant([lapsed]), await record.plant([lapsed])]
    const client = await record.pool.connect()
    await client.query('begin')
    await client.query('select from flotilla.runs where id = $1 for no key update', [busy])
    expect((await run({ limit: 1 })).recovered).toMatchObject([{ runId: free }])
    await client.query('rollback')
    client.release()
    expect((await run()).recovered).toMatchObject([{ runId: busy }])
  })

  it('by several at once recovers each lease once', async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => record.plant([lapsed, lapsed])))
    const results = await Promise.all(Array.from({ length: 6 }, () => run()))
    const again = await run()
    expect([...results, again].flatMap((result) => result.recovered)).toHaveLength(2 * runs.length)
    for (const runId of runs) expect((await readLog(record.pool, runId)).map((event) => event.seq)).toEqual([1, 2])
  })
})
