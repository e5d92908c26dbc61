import { NO_USAGE, type RunStatus } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pauseForKey } from '../budgets/exceeded.ts'
import { transact } from '../connect.ts'
import { readHistory } from '../tasks/brief.ts'
import { readClaimsToStop } from '../tasks/late.ts'
import { sweep } from '../tasks/transitions.ts'
import { claim, describeRun, openRecord, settle, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { readLog, readRun, readTask, readTasks, statuses } from '../testing/record-reads.ts'
import { claimRun, heartbeatRuns } from './claims.ts'
import { expandRun } from './expand.ts'
import { finishRun } from './finish.ts'
import { recordPause, recordResume, type Resumed } from './pause.ts'
import { acceptPlan, postponePlanning } from './planning.ts'
import { lockRun } from './transitions.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const uidOf = async (runId: number): Promise<string> =>
  (await record.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])).rows[0]?.uid ?? ''

async function pause(runId: number): Promise<boolean> {
  const uid = await uidOf(runId)
  return transact(record.db, async (tx) => {
    const run = await lockRun(tx, uid)
    return run !== null && recordPause(tx, run)
  })
}
async function resume(runId: number): Promise<Resumed | null> {
  const uid = await uidOf(runId)
  return transact(record.db, async (tx) => {
    const run = await lockRun(tx, uid)
    return run && recordResume(tx, run)
  })
}
const rawRun = async (runId: number) =>
  (
    await record.pool.query<{
      status: RunStatus
      resume_to: RunStatus | null
      paused_ms: number
      holder: string | null
      pausing: boolean
    }>(
      'select status, resume_to, paused_ms, holder, paused_at is not null as pausing from flotilla.runs where id = $1',
      [runId],
    )
  ).rows[0]
const types = async (runId: number): Promise<string[]> => (await readLog(record.pool, runId)).map(({ type }) => type)
const sweepAll = () => sweep(record.pool, { after: 0, limit: 1_000, ready: true, deep: true, maxRecoveries: 5 })
/** What a round of the reconciler would wake of this run. */
async function wokenBySweep(runId: number): Promise<unknown[]> {
  const page = await sweepAll()
  return [...page.wake, ...page.recovered, ...page.plan, ...page.finish].filter((each) => each.runId === runId)
}
const lapsed: Seedling = { status: 'in_progress', fence: 3, attempt: 2, worker: 'gone', dueMs: -1_000 }

describe('a paused run', () => {
  it.each<RunStatus>(['created', 'planning', 'awaiting_approval', 'executing', 'verifying'])(
    'keeps that it was %s, and goes on with it',
    async (status) => {
      const expanded = status === 'executing' || status === 'verifying'
      const runId = await record.plant([{}], { status, expanded })
      expect(await pause(runId)).toBe(true)
      expect(await rawRun(runId)).toMatchObject({ status: 'paused', resume_to: status, pausing: true })
      expect(await resume(runId)).toMatchObject({ status })
      expect(await rawRun(runId)).toMatchObject({ status, resume_to: null, pausing: false })
      expect((await readLog(record.pool, runId)).map(({ type, data }) => [type, data])).toEqual([
        ['run.paused', { was: status }],
        ['run.resumed', { to: status }],
      ])
    },
  )

  it('has what waits for a lane look again with the resume, and what rests before a retry go on resting', async () => {
    const runId = await record.plant([
      { notBeforeMs: 300_000 },
      { notBeforeMs: 300_000, status: 'to_verify' },
      {},
      { notBeforeMs: 300_000 },
    ])
    const waits = JSON.stringify({ until: Date.now() + 300_000, laneId: 'a/m/k1', times: 3 })
    await record.pool.query('update flotilla.tasks set wait = $2 where run_id = $1 and idx < 2', [runId, waits])
    await pause(runId)
    const delays = (await resume(runId))?.tasks.map(({ idx, delayMs }) => [idx, delayMs > 0])
    expect(delays?.toSorted()).toEqual([
      [0, false],
      [1, false],
      [2, false],
      [3, true],
    ])
    const { claimed } = await record.step({ claims: [0, 1, 2, 3].map((idx) => ({ runId, idx })) })
    expect(claimed.map(({ idx }) => idx).toSorted((a, b) => a - b)).toEqual([0, 1, 2])
  })

  it('opens the lanes that refused its key with the resume, and no other key', async () => {
    const runId = await record.plant([{}, { notBeforeMs: 300_000 }])
    const now = Date.now()
    const closed = { closedUntil: now + 300_000, strikes: 1, meters: {}, lines: {} }
    const lanes = {
      'a/own/k1': { ...closed, closedWhy: 'a:own answered 401: set A', refusedKey: true },
      'a/waited/k2': { ...closed, closedWhy: 'a:waited answered 401: set A', refusedKey: true },
      'a/model/of/own/k1': { ...closed, closedWhy: 'a:sibling answered 401: set A', refusedKey: true },
      'a/foreign/k3': { ...closed, closedWhy: 'a:foreign answered 401: set A', refusedKey: true },
      'a/busy/k1': { ...closed, closedWhy: 'a:busy answered 429', refusedKey: false },
    }
    for (const [id, state] of Object.entries(lanes))
      await record.pool.query('insert into flotilla.model_lanes (id, state) values ($1, $2)', [
        id,
        JSON.stringify(state),
      ])
    const waits = (laneId: string) => JSON.stringify({ until: now + 300_000, laneId, times: 1 })
    await record.pool.query('update flotilla.tasks set wait = $2 where run_id = $1 and idx = 0', [
      runId,
      waits('a/busy/k1'),
    ])
    await record.pool.query('update flotilla.tasks set wait = $2 where run_id = $1 and idx = 1', [
      runId,
      waits('a/waited/k2'),
    ])
    expect(await pauseForKey(record.db, { runId, idx: 0 }, lanes['a/own/k1'].closedWhy)).toBe(true)
    await resume(runId)
    const { rows } = await record.pool.query<{ id: string }>(
      `select id from flotilla.model_lanes where (state ->> 'closedUntil')::float8 > $1 order by id`,
      [now + 200_000],
    )
    expect(rows.map(({ id }) => id)).toEqual(['a/busy/k1', 'a/foreign/k3'])
  })

  it('hands no task out, neither to a wake-up nor to the settlement that makes it ready', async () => {
    const runId = await record.plant([{}, { status: 'in_progress' }, { deps: [1] }, { status: 'to_verify' }])
    await pause(runId)
    const early = await record.step({ claims: [0, 3].map((idx) => ({ runId, idx })) })
    expect(early).toMatchObject({ claimed: [], wait: [], wake: [] })
    const settled = await record.step({ settlements: [settle({ runId, idx: 1, fence: 1 }, 'complete')], cap: 5 })
    expect(settled).toMatchObject({ settled: [0], claimed: [], wake: [], closed: [] })
    expect(await statuses(record.pool, runId)).toEqual(['ready', 'completed', 'ready', 'to_verify'])
    expect(await types(runId)).toEqual(['run.paused', 'task.completed', 'task.ready', 'run.progress'])
  })

  it('takes its task back at a turn’s boundary without a try, a wake-up or an event', async () => {
    const runId = await record.plant([{}])
    const [task] = await claim(record, runId, 0)
    await pause(runId)
    const { wake, settled } = await record.step({
      settlements: [settle({ runId, idx: 0, fence: task?.fence ?? 0 }, 'release')],
    })
    expect([settled, wake]).toEqual([[0], []])
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ status: 'ready', kind: 'continuation', tries: 1 })
    expect(await types(runId)).toEqual(['task.started', 'run.paused'])
    const { tasks } = (await resume(runId)) as Resumed
    expect(tasks).toEqual([{ runId, idx: 0, role: 'writer', delayMs: 0, judge: false, priority: 5 }])
    const [next] = await claim(record, runId, 0)
    expect(next).toMatchObject({ kind: 'continuation', attempt: 2, tries: 1 })
    expect(await readHistory(record.db, { runId, idx: 0 }, 2, 'continuation')).toEqual([])
  })

  it('recovers an expired lease and wakes nobody for it', async () => {
    const runId = await record.plant([lapsed, { ...lapsed, status: 'verifying' }])
    await pause(runId)
    expect(await wokenBySweep(runId)).toEqual([])
    expect(await readTasks(record.pool, runId)).toMatchObject([
      { status: 'ready', fence: 4, kind: 'recovery', recoveries: 1 },
      { status: 'to_verify', fence: 4, recoveries: 1 },
    ])
    expect(await types(runId)).toEqual(['run.paused', 'task.recovered'])
    expect((await resume(runId))?.tasks.map(({ idx, judge }) => [idx, judge])).toEqual([
      [0, false],
      [1, true],
    ])
  })

  it.each<[RunStatus, boolean]>([
    ['planning', false],
    ['executing', false],
    ['verifying', true],
  ])('that was %s loses a holder that is gone, and nobody follows before the resume', async (status, expanded) => {
    const runId = await record.plant([], { status, expanded, holder: 'gone', dueMs: -100 })
    await pause(runId)
    const phase = expanded ? 'finish' : 'plan'
    const take = () => claimRun(record.db, { runId, phase, worker: 'w2', leaseMs: 60_000 })
    expect(await take()).toBeNull()
    expect(await wokenBySweep(runId)).toEqual([])
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'paused', holder: null, fence: 1 })
    expect(await wokenBySweep(runId)).toEqual([])
    expect(await resume(runId)).toMatchObject({ status, plan: phase === 'plan', finish: phase === 'finish' })
    expect(await take()).toMatchObject({ status })
  })

  it('counts what ends meanwhile, and verifies after the resume when that was all', async () => {
    const runId = await record.plant([{ status: 'in_progress' }])
    await pause(runId)
    const { closed } = await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete')] })
    expect(closed).toEqual([])
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'paused', todo: 0, completed: 1 })
    expect(await wokenBySweep(runId)).toEqual([])
    expect(await resume(runId)).toEqual({ status: 'verifying', plan: false, finish: true, tasks: [] })
    expect((await types(runId)).slice(-2)).toEqual(['run.resumed', 'run.verifying'])
    expect(await claimRun(record.db, { runId, phase: 'finish', worker: 'w', leaseMs: 60_000 })).not.toBeNull()
  })

  it('of 10,000 tasks is resumed at once', async () => {
    const runId = await record.plant(Array.from({ length: 10_000 }, () => ({})))
    await pause(runId)
    const startedAt = performance.now()
    expect((await resume(runId))?.tasks).toHaveLength(10_000)
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    await record.pool.query('delete from flotilla.runs where id = $1', [runId])
  })

  it('leaves a retry the time that it was to wait', async () => {
    const runId = await record.plant([{ notBeforeMs: 60_000 }, { notBeforeMs: -1_000 }])
    await pause(runId)
    const tasks = (await resume(runId))?.tasks.toSorted((a, b) => a.idx - b.idx) ?? []
    expect(tasks[0]?.delayMs).toBeGreaterThan(55_000)
    expect(tasks[1]?.delayMs).toBe(0)
    expect((await readTasks(record.pool, runId)).map((task) => task.dueWithinMs)).toEqual([60_000, 0])
  })

  it('is told to whoever looks after its claims', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'verifying' }])
    const other = await record.plant([{ status: 'in_progress' }])
    const held = [
      { runId, idx: 0, fence: 1 },
      { runId: other, idx: 0, fence: 1 },
      { runId, idx: null, fence: 0 },
    ]
    expect(await readClaimsToStop(record.pool, held)).toEqual([])
    await pause(runId)
    expect(await readClaimsToStop(record.pool, held)).toEqual([
      { runId, idx: 0, fence: 1, reason: 'paused' },
      { runId, idx: null, fence: 0, reason: 'paused' },
    ])
  })

  it('moves its deadline on, and counts no time', async () => {
    const runId = await record.plant([{}])
    await record.pool.query(
      `update flotilla.runs set started_at = clock_timestamp() - interval '100 s', deadline = clock_timestamp() + interval '20 s' where id = $1`,
      [runId],
    )
    await pause(runId)
    await record.pool.query(`update flotilla.runs set paused_at = paused_at - interval '60 s' where id = $1`, [runId])
    await resume(runId)
    const { rows } = await record.pool.query<{ left: number; paused: number }>(
      `select extract(epoch from deadline - clock_timestamp())::float8 as left, paused_ms / 1000 as paused from flotilla.runs where id = $1`,
      [runId],
    )
    expect(rows[0]?.left).toBeGreaterThan(75)
    expect(rows[0]?.left).toBeLessThanOrEqual(80)
    expect(rows[0]?.paused).toBe(60)
  })
})

describe('a planner at work in a run that is paused', () => {
  const held = async (): Promise<{ runId: number; workspaceId: number; fence: number }> => {
    const runId = await record.plant([], { status: 'planning', expanded: false })
    await describeRun(record, runId, { budget: { seconds: 50 } })
    const claimed = await claimRun(record.db, { runId, phase: 'plan', worker: 'w1', leaseMs: 60_000 })
    return { runId, workspaceId: 1, fence: claimed?.fence ?? 0 }
  }
  const dispatch = {
    kind: 'explicit',
    template: null,
    reason: '',
    planner: 'user',
    repairs: 0,
    simulated: false,
  } as const
  const task = {
    idx: 0,
    deps: [],
    outs: [],
    spec: { key: 'a', role: 'writer' },
    title: 'a',
    type: 'general',
    agentId: null,
    selection: { agentId: '', agent: 'writer', model: 'noop:noop', drafted: false, reason: '', candidates: [] },
  }

  it('keeps its lease, and expands it into a run that is paused still', async () => {
    const claimed = await held()
    const { runId } = claimed
    await pause(runId)
    expect(await heartbeatRuns(record.db, [claimed], 60_000)).toEqual([])
    expect(await acceptPlan(record.db, claimed, dispatch, 1, true)).toMatchObject({ rest: false })
    const tasks = [task] as unknown as Parameters<typeof expandRun>[1]['tasks']
    expect(await expandRun(record.db, { ...claimed, planVersion: 1, tasks })).toBe(true)
    expect(await rawRun(runId)).toMatchObject({ status: 'paused', resume_to: 'executing', holder: null })
    expect((await record.step({ claims: [{ runId, idx: 0 }] })).claimed).toEqual([])
    expect(await resume(runId)).toMatchObject({ status: 'executing', plan: false, tasks: [{ idx: 0 }] })
    const { rows } = await record.pool.query<{ seconds: number }>(
      'select round(extract(epoch from deadline - started_at) - paused_ms / 1000.0)::float8 as seconds from flotilla.runs where id = $1',
      [runId],
    )
    expect(rows).toEqual([{ seconds: 50 }])
  })

  it('lets it rest where it is to rest, once it is resumed', async () => {
    const claimed = await held()
    const { runId } = claimed
    await record.pool.query('update flotilla.runs set auto_start = false where id = $1', [runId])
    await pause(runId)
    expect(await acceptPlan(record.db, claimed, dispatch, 1, true)).toMatchObject({ rest: true })
    expect(await rawRun(runId)).toMatchObject({ status: 'paused', resume_to: 'awaiting_approval', holder: null })
    expect(await resume(runId)).toEqual({ status: 'awaiting_approval', plan: false, finish: false, tasks: [] })
  })

  it('gives it back without a try, and is followed after the resume alone', async () => {
    const claimed = await held()
    const { runId } = claimed
    await pause(runId)
    const given = { delayMs: 0, turns: [], usage: NO_USAGE, interrupted: true }
    expect(await postponePlanning(record.db, claimed, given)).toBe(true)
    const take = () => claimRun(record.db, { runId, phase: 'plan', worker: 'w2', leaseMs: 60_000 })
    expect(await take()).toBeNull()
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'paused', holder: null, tries: 0 })
    expect(await resume(runId)).toMatchObject({ status: 'planning', plan: true })
    expect(await take()).toMatchObject({ status: 'planning', tries: 1 })
  })
})

describe('a finisher at work in a run that is paused', () => {
  it('writes nothing, and another follows at once after the resume', async () => {
    const runId = await record.plant([{ status: 'completed' }], { status: 'verifying' })
    const claimed = await claimRun(record.db, { runId, phase: 'finish', worker: 'w1', leaseMs: 60_000 })
    await pause(runId)
    const finish = (fence: number) =>
      finishRun(record.db, {
        runId,
        fence,
        status: 'completed',
        result: null,
        quality: null,
        report: { json: {}, markdown: '' },
        error: null,
        simulated: true,
      })
    expect(await finish(claimed?.fence ?? 0)).toBe(false)
    expect(await resume(runId)).toMatchObject({ status: 'verifying', finish: true })
    expect(await finish(claimed?.fence ?? 0)).toBe(false)
    const next = await claimRun(record.db, { runId, phase: 'finish', worker: 'w2', leaseMs: 60_000 })
    expect(await finish(next?.fence ?? 0)).toBe(true)
    expect(await rawRun(runId)).toMatchObject({ status: 'completed' })
  })
})
