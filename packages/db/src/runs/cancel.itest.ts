import { NO_USAGE, type Usage } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { transact } from '../connect.ts'
import { readClaimsToStop, recordLateUsage } from '../tasks/late.ts'
import { describeRun, openRecord, settle, type TestRecord } from '../testing/record-fixture.ts'
import { readAttempts, readLog, readRun, readTask, statuses } from '../testing/record-reads.ts'
import { recordCancel } from './cancel.ts'
import { readCancellation } from './cancellation.ts'
import { claimRun } from './claims.ts'
import { expireRun } from './deadline.ts'
import { recordPause } from './pause.ts'
import { lockRun, type LockedRun } from './transitions.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

async function controlled<T>(
  runId: number,
  control: (tx: Parameters<typeof lockRun>[0], run: LockedRun) => Promise<T>,
) {
  const { rows } = await record.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  return transact(record.db, async (tx) => control(tx, (await lockRun(tx, rows[0]?.uid ?? '')) as LockedRun))
}
const cancel = (runId: number) => controlled(runId, recordCancel)
const receipt = (runId: number) => record.db.transaction().execute((tx) => readCancellation(tx, runId))
const USED: Usage = { ...NO_USAGE, inputTokens: 100, outputTokens: 20, modelCalls: 1, costUsd: 0.5 }
const LATE: Usage = { ...NO_USAGE, inputTokens: 7, outputTokens: 3, modelCalls: 1, costUsd: 0.25 }
const spentLate = async (runId: number, idx: number, fence: number, usage: Usage | null = USED) =>
  recordLateUsage(record.pool, { runId, idx, fence }, { usage, spent: LATE })

describe('the receipt of a cancel', () => {
  it('says what the run was, what was ended in which state, and what had been spent', async () => {
    const runId = await record.plant([
      { status: 'completed' },
      { status: 'in_progress' },
      { status: 'in_progress' },
      { status: 'verifying' },
      { status: 'to_verify' },
      {},
      { deps: [1] },
    ])
    await record.pool.query(
      'update flotilla.runs set input_tokens = 40, output_tokens = 2, model_calls = 3, tool_calls = 1, cost_usd = 0.125 where id = $1',
      [runId],
    )
    expect(await receipt(runId)).toBeNull()
    await controlled(runId, recordPause)
    expect(await cancel(runId)).toBe(6)
    const given = await receipt(runId)
    expect(given).toEqual({
      requestedAt: expect.stringMatching(/Z$/),
      was: 'paused',
      tasks: { in_progress: 2, verifying: 2, ready: 1, pending: 1 },
      spentBefore: { ...NO_USAGE, inputTokens: 40, outputTokens: 2, modelCalls: 3, toolCalls: 1, costUsd: 0.125 },
      stopped: { calls: 0, lastStoppedAt: null },
      spentAfter: NO_USAGE,
    })
    expect((await readLog(record.pool, runId)).at(-1)?.type).toBe('run.cancelled')
  })

  it('counts what claims at work used after it, once each, though the run has ended', async () => {
    const runId = await record.plant([
      { status: 'in_progress', fence: 4 },
      { status: 'verifying', fence: 2 },
    ])
    await cancel(runId)
    const log = await readLog(record.pool, runId)
    expect([await spentLate(runId, 0, 4), await spentLate(runId, 0, 4)]).toEqual([true, false])
    expect([await spentLate(runId, 1, 2, null), await spentLate(runId, 1, 2, null)]).toEqual([true, false])
    expect(await receipt(runId)).toMatchObject({
      stopped: { calls: 2, lastStoppedAt: expect.stringMatching(/Z$/) },
      spentAfter: { inputTokens: 14, outputTokens: 6, modelCalls: 2, costUsd: 0.5 },
    })
    expect(await readRun(record.pool, runId)).toMatchObject({
      status: 'cancelled',
      inputTokens: 14,
      outputTokens: 6,
      modelCalls: 2,
      costUsd: 0.5,
    })
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ status: 'cancelled', tokens: 10, costUsd: 0.25 })
    const { rows } = await record.pool.query('select idx, usage from flotilla.attempts where run_id = $1', [runId])
    expect(rows).toEqual([{ idx: 0, usage: USED }])
    expect(await readLog(record.pool, runId)).toEqual(log)
  })

  it('counts nothing of a claim that had settled before, that had lost its lease, or that lives', async () => {
    const runId = await record.plant([{ status: 'in_progress' }, { status: 'in_progress', fence: 3 }])
    expect(await spentLate(runId, 0, 1)).toBe(false)
    await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'retry', { data: { spent: USED } })] })
    await cancel(runId)
    expect(await spentLate(runId, 0, 1)).toBe(false)
    expect(await spentLate(runId, 1, 2)).toBe(false)
    expect(await receipt(runId)).toMatchObject({ stopped: { calls: 0 }, spentBefore: USED, spentAfter: NO_USAGE })
  })

  it('counts what a planner used after it', async () => {
    const runId = await record.plant([], { status: 'planning', expanded: false })
    const claim = await claimRun(record.db, { runId, phase: 'plan', worker: 'w', leaseMs: 60_000 })
    const held = { runId, idx: null, fence: claim?.fence ?? 0 }
    const late = () => recordLateUsage(record.pool, held, { usage: null, spent: LATE })
    expect(await late()).toBe(false)
    await cancel(runId)
    expect([await late(), await late()]).toEqual([true, false])
    expect(await receipt(runId)).toMatchObject({ was: 'planning', tasks: {}, stopped: { calls: 1 }, spentAfter: LATE })
    const idle = await record.plant([], { status: 'planning', expanded: false })
    await cancel(idle)
    expect(await recordLateUsage(record.pool, { runId: idle, idx: null, fence: 0 }, { usage: null, spent: LATE })).toBe(
      false,
    )
  })

  it('is told to whoever looks after its claims, also when the run is deleted', async () => {
    const runId = await record.plant([{ status: 'in_progress' }])
    const held = [
      { runId, idx: 0, fence: 1 },
      { runId, idx: null, fence: 0 },
    ]
    await cancel(runId)
    const stop = held.map((each) => ({ ...each, reason: 'cancelled' }))
    expect(await readClaimsToStop(record.pool, held)).toEqual(stop)
    await record.pool.query('delete from flotilla.runs where id = $1', [runId])
    expect(await readClaimsToStop(record.pool, held)).toEqual(stop)
  })
})

describe('a run past its deadline', () => {
  const plantLate = async (...args: Parameters<TestRecord['plant']>): Promise<number> => {
    const runId = await record.plant(...args)
    await describeRun(record, runId, { budget: { seconds: 5 } })
    await record.pool.query(`update flotilla.runs set deadline = clock_timestamp() - interval '1 s' where id = $1`, [
      runId,
    ])
    return runId
  }

  it('has its open tasks cancelled with the reason, and is to be finished', async () => {
    const runId = await plantLate([{ status: 'completed' }, { status: 'in_progress' }, { deps: [1] }], { priority: 7 })
    expect(await expireRun(record.db)).toEqual({ runId, priority: 7, paused: false })
    expect(await expireRun(record.db)).toBeNull()
    expect(await statuses(record.pool, runId)).toEqual(['completed', 'cancelled', 'cancelled'])
    const error = { code: 'budget_exceeded', message: 'the run ran out of time: its 5 s are over' }
    expect(await readAttempts(record.pool, runId)).toMatchObject([{ idx: 1, status: 'cancelled', error }])
    const log = await readLog(record.pool, runId)
    expect(log.map(({ seq, type, idx, data }) => [seq, type, idx, data])).toEqual([
      [1, 'task.cancelled', 1, { reason: error.message }],
      [2, 'task.cancelled', 2, { reason: error.message }],
      [3, 'budget.exceeded', null, { reason: error.message }],
      [4, 'run.verifying', null, {}],
    ])
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'verifying', todo: 0, seq: 4 })
    const { rows } = await record.pool.query('select error from flotilla.run_specs where run_id = $1', [runId])
    expect(rows).toEqual([{ error }])
    expect(await readClaimsToStop(record.pool, [{ runId, idx: 1, fence: 1 }])).toMatchObject([{ reason: 'cancelled' }])
    expect(await spentLate(runId, 1, 1)).toBe(true)
    expect(await readRun(record.pool, runId)).toMatchObject({ modelCalls: 1, inputTokens: 7 })
    expect((await record.step({ settlements: [settle({ runId, idx: 1, fence: 1 }, 'complete')] })).settled).toEqual([])
  })

  it.each([
    [{ status: 'executing' }, 1],
    [{ status: 'planning', expanded: false }, 0],
  ] as const)('rests where its budget says so: %j', async (state, tasks) => {
    const runId = await plantLate(tasks === 0 ? [] : [{ status: 'in_progress' }], state)
    await record.pool.query(
      `update flotilla.run_specs set budget = '{"seconds": 5, "onExceeded": "pause"}' where run_id = $1`,
      [runId],
    )
    await record.pool.query(`update flotilla.runs set started_at = clock_timestamp() - interval '6 s' where id = $1`, [
      runId,
    ])
    expect(await expireRun(record.db)).toEqual({ runId, priority: 5, paused: true })
    expect(await expireRun(record.db)).toBeNull()
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'paused' })
    expect(await statuses(record.pool, runId)).toEqual(tasks === 0 ? [] : ['in_progress'])
    const log = await readLog(record.pool, runId)
    expect(log).toMatchObject([
      { type: 'budget.exceeded', data: { policy: 'pause', budget: { dimension: 'seconds', limit: 5, asked: 0 } } },
      { type: 'run.paused', data: { was: state.status, by: 'budget' } },
    ])
    await cancel(runId)
  })

  it('is left alone while it is paused, and once it verifies', async () => {
    const paused = await plantLate([{}])
    await controlled(paused, recordPause)
    await plantLate([{ status: 'completed' }], { status: 'verifying' })
    expect(await expireRun(record.db)).toBeNull()
    await cancel(paused)
  })

  it('is told of once, where a task has said so before', async () => {
    const runId = await plantLate([{}])
    await record.pool.query(
      `with r as (update flotilla.runs set seq = 1 where id = $1)
       insert into flotilla.events (run_id, seq, workspace_id, type, at) values ($1, 1, 1, 'budget.exceeded', now())`,
      [runId],
    )
    await expireRun(record.db)
    expect((await readLog(record.pool, runId)).map(({ type }) => type)).toEqual([
      'budget.exceeded',
      'task.cancelled',
      'run.verifying',
    ])
  })

  it('is ended once by several at a time', async () => {
    const runId = await plantLate([{}, {}])
    const found = await Promise.all(Array.from({ length: 5 }, () => expireRun(record.db)))
    expect(found.filter((each) => each !== null)).toEqual([{ runId, priority: 5, paused: false }])
  })
})
