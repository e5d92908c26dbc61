import { NO_USAGE } from '@flotilla/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finishToolCall, recordTurn, type Claim } from '../tasks/transitions.ts'
import { ask, cost, faultsOfMoney, plantRun } from '../testing/budget-fixture.ts'
import { openRecord, settle, type TestRecord } from '../testing/record-fixture.ts'
import { reserveCalls, type CallPayment } from './calls.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const TURN = {
  turn: 1,
  model: 'm:1',
  request: [],
  reply: {},
  stopReason: 'tool_calls',
  usage: NO_USAGE,
  context: null,
  startedAt: '2026-01-02T03:04:05.000Z',
  event: {},
}
const OUTCOME = { attempt: 1, turn: 1, n: 0, status: 'succeeded', result: '', event: {} } as const

/** Each write of a claim brings the payments of the calls before it. */
const WRITES: readonly [string, (claim: Claim, calls: readonly CallPayment[]) => Promise<unknown>][] = [
  ['a turn', (claim, calls) => recordTurn(record.pool, claim, { ...TURN, calls })],
  ["a tool call's outcome", (claim, calls) => finishToolCall(record.pool, claim, { ...OUTCOME, calls })],
  ['a settlement', (claim, calls) => record.step({ settlements: [settle(claim, 'release', { data: { calls } })] })],
]

describe.each(WRITES)('%s', (_, write) => {
  it.each([
    ['with its claim', 1],
    ['after its claim was lost', 7],
  ])('pays the calls that it brings, %s', async (_when, fence) => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    await reserveCalls(
      record.pool,
      ['paid', 'not made', 'open'].map((key) => ask(runId, key, cost(0.3))),
    )
    await write({ runId, idx: 0, fence }, [
      { key: 'paid', used: cost(0.2) },
      { key: 'not made', used: null },
    ])
    const { rows } = await record.pool.query<{ key: string; status: string; charged: number }>(
      'select key, status, cost_usd_charged as charged from flotilla.budget_calls where run_id = $1 order by key',
      [runId],
    )
    expect(rows).toEqual([
      { key: 'not made', status: 'released', charged: 0 },
      { key: 'open', status: 'reserved', charged: 0 },
      { key: 'paid', status: 'settled', charged: 0.2 },
    ])
    expect(await faultsOfMoney(record.pool)).toEqual([])
  })
})
