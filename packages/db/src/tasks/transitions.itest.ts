import { NO_SPEND, TASK_STATUSES, type StoredTaskStatus } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { rawTasks, readLog, readRun, readTask } from '../testing/record-reads.ts'
import { finishToolCall, heartbeat, recordTurn, beginToolCall, type Claim } from './transitions.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const UNCLAIMED: readonly StoredTaskStatus[] = [
  ...TASK_STATUSES.filter((status) => status !== 'in_progress' && status !== 'verifying'),
  'to_verify',
]

const usage = {
  inputTokens: 100,
  cachedInputTokens: 40,
  cacheWriteTokens: 7,
  outputTokens: 20,
  reasoningTokens: 3,
  toolCalls: 0,
  modelCalls: 1,
  costUsd: 0.125,
}
const turn = (n: number) => ({
  turn: n,
  model: 'm:1',
  request: [{ role: 'user' }],
  reply: { text: 'a\u0000b' },
  stopReason: 'tool_calls',
  usage,
  context: { kept: 1 },
  startedAt: '2026-01-02T03:04:05.000Z',
  event: { turn: n, model: 'm:1' },
})
const key = { attempt: 2, turn: 1, n: 1 }
const call = { ...key, callId: 'c', effectId: 'e', tool: 'search', arguments: { q: 'x' } }
const outcome = { ...key, status: 'succeeded' as const, result: 'found', event: { tool: 'search', attempt: 2 } }

const VERBS: readonly [string, (claim: Claim) => Promise<boolean>][] = [
  ['recordTurn', (claim) => recordTurn(record.pool, claim, turn(1))],
  ['beginToolCall', (claim) => begin(claim, call)],
  ['finishToolCall', (claim) => finishToolCall(record.pool, claim, outcome)],
]
const begin = async (claim: Claim, toolCall: typeof call): Promise<boolean> =>
  (
    await beginToolCall(record.pool, claim, {
      ...toolCall,
      key: 'tool',
      ask: { kind: 'tool' as const, name: 't', most: { ...NO_SPEND, toolCalls: 1 } },
    })
  ).status === 'begun'
const held: Seedling = { status: 'in_progress', fence: 3, attempt: 2 }

describe.each(VERBS)('%s', (_, act) => {
  it('is refused without the fence, and without the claim that it stands for', async () => {
    const tasks = [
      held,
      ...UNCLAIMED.map((status): Seedling => ({ status, fence: 3, attempt: 2 })),
      { ...held, status: 'verifying' as const },
    ]
    const runId = await record.plant(tasks)
    const before = [await rawTasks(record.pool, runId), await readRun(record.pool, runId)]
    for (const fence of [2, 4]) expect(await act({ runId, idx: 0, fence })).toBe(false)
    for (let idx = 1; idx < tasks.length; idx++) expect(await act({ runId, idx, fence: 3 })).toBe(false)
    expect(await act({ runId, idx: 99, fence: 3 })).toBe(false)
    expect(await act({ runId: runId + 1_000_000, idx: 0, fence: 3 })).toBe(false)
    expect([await rawTasks(record.pool, runId), await readRun(record.pool, runId)]).toEqual(before)
    expect(await readLog(record.pool, runId)).toEqual([])
    const { rows } = await record.pool.query(
      'select run_id from flotilla.turns where run_id = $1 union all select run_id from flotilla.tool_calls where run_id = $1',
      [runId],
    )
    expect(rows).toEqual([])
  })
})

describe('a turn', () => {
  it('is written with its event and counted for task and run, once', async () => {
    const runId = await record.plant([held])
    expect(await recordTurn(record.pool, { runId, idx: 0, fence: 3 }, turn(1))).toBe(true)
    expect(await recordTurn(record.pool, { runId, idx: 0, fence: 3 }, turn(2))).toBe(true)
    const { rows } = await record.pool.query(
      `select attempt, turn, model, request, reply, stop_reason, usage, context, started_at from flotilla.turns where run_id = $1 order by turn`,
      [runId],
    )
    expect(rows).toHaveLength(2)
    expect(rows[0]).toMatchObject({
      attempt: 2,
      model: 'm:1',
      reply: { text: 'a\uFFFDb' },
      usage,
      context: { kept: 1 },
      started_at: new Date('2026-01-02T03:04:05.000Z'),
    })
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ tokens: 240, costUsd: 0.25 })
    expect(await readRun(record.pool, runId)).toMatchObject({
      inputTokens: 200,
      outputTokens: 40,
      modelCalls: 2,
      costUsd: 0.25,
      seq: 2,
    })
    expect(await readLog(record.pool, runId)).toMatchObject([
      { seq: 1, type: 'task.turn', idx: 0, data: { turn: 1, attempt: 2 } },
      { seq: 2, type: 'task.turn', idx: 0, data: { turn: 2, attempt: 2 } },
    ])
  })
})

describe('a tool call', () => {
  const calls = async (runId: number) =>
    (
      await record.pool.query<{ status: string; result: string | null; finished: boolean; effect: string }>(
        `select status, result, finished_at is not null as finished, effect_id as effect from flotilla.tool_calls where run_id = $1`,
        [runId],
      )
    ).rows

  it('is in the ledger and counted before it is dispatched, and told when it has ended', async () => {
    const runId = await record.plant([held])
    const claim = { runId, idx: 0, fence: 3 }
    expect(await begin(claim, call)).toBe(true)
    expect(await calls(runId)).toEqual([{ status: 'started', result: null, finished: false, effect: 'e' }])
    expect(await readRun(record.pool, runId)).toMatchObject({ toolCalls: 1, seq: 0 })
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ toolCalls: 1 })
    expect(await finishToolCall(record.pool, claim, outcome)).toBe(true)
    expect(await calls(runId)).toEqual([{ status: 'succeeded', result: 'found', finished: true, effect: 'e' }])
    expect(await readLog(record.pool, runId)).toMatchObject([
      { seq: 1, type: 'task.tool_called', idx: 0, data: { tool: 'search' } },
    ])
    expect(await readRun(record.pool, runId)).toMatchObject({ toolCalls: 1, seq: 1 })
  })

  it('whose reply was lost may be begun again: it stands in the ledger once, as what it was first', async () => {
    const runId = await record.plant([held])
    const claim = { runId, idx: 0, fence: 3 }
    await begin(claim, call)
    expect(await begin(claim, { ...call, effectId: 'other' })).toBe(true)
    expect(await calls(runId)).toMatchObject([{ effect: 'e' }])
  })

  it('of a claim that was lost meanwhile stays "started": whether it took effect is not known', async () => {
    const runId = await record.plant([held])
    await begin({ runId, idx: 0, fence: 3 }, call)
    await record.pool.query('update flotilla.tasks set fence = 4 where run_id = $1', [runId])
    expect(await finishToolCall(record.pool, { runId, idx: 0, fence: 3 }, outcome)).toBe(false)
    expect(await calls(runId)).toMatchObject([{ status: 'started', result: null }])
  })
})

describe('a heartbeat', () => {
  it('renews what is held by its fence, and names what is not', async () => {
    const runId = await record.plant([
      { ...held, dueMs: 500 },
      { ...held, status: 'verifying', dueMs: 500 },
      { ...held, dueMs: 500 },
      ...UNCLAIMED.map((status): Seedling => ({ status, fence: 3, dueMs: 500 })),
    ])
    const claims = UNCLAIMED.map((_, i) => ({ runId, idx: 3 + i, fence: 3 }))
    const mine = [
      { runId, idx: 0, fence: 3 },
      { runId, idx: 1, fence: 3 },
    ]
    const lost = [{ runId, idx: 2, fence: 2 }, ...claims, { runId: runId + 1_000_000, idx: 0, fence: 1 }]
    const told = await heartbeat(record.pool, [...mine, ...lost], 30_000)
    expect(new Set(told)).toEqual(new Set(lost))
    expect(await readTask(record.pool, runId, 0)).toMatchObject({ dueWithinMs: 30_000, fence: 3 })
    expect(await readTask(record.pool, runId, 1)).toMatchObject({ dueWithinMs: 30_000 })
    expect((await readTask(record.pool, runId, 2)).dueWithinMs).toBeLessThanOrEqual(5_000)
    expect(await readRun(record.pool, runId)).toMatchObject({ seq: 0 })
  })

  it('passes over a task that a step holds at this moment, without waiting and without giving it up', async () => {
    const runId = await record.plant([
      { ...held, dueMs: 500 },
      { ...held, dueMs: 500 },
    ])
    const client = await record.pool.connect()
    await client.query('begin')
    await client.query('select from flotilla.tasks where run_id = $1 and idx = 0 for update', [runId])
    const claims = [0, 1].map((idx) => ({ runId, idx, fence: 3 }))
    expect(await heartbeat(record.pool, claims, 30_000)).toEqual([])
    await client.query('rollback')
    client.release()
    expect((await readTask(record.pool, runId, 0)).dueWithinMs).toBeLessThanOrEqual(5_000)
    expect(await readTask(record.pool, runId, 1)).toMatchObject({ dueWithinMs: 30_000 })
  })
})
