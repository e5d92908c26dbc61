import type { Amounts, BudgetAccount, BudgetLimits } from '@flotilla/domain'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ask, cost, faultsOfMoney, plantRun } from '../testing/budget-fixture.ts'
import { BudgetModel, type AccountName } from '../testing/budget-model.ts'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { releaseLostCalls, reserveCalls, settleCalls } from './calls.ts'
import { setBudgetLimits } from './limits.ts'
import { readBudgets } from './reads.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
const forgetAll = () => record.pool.query('delete from flotilla.runs; delete from flotilla.budgets')
beforeEach(forgetAll)
afterAll(() => record.close())

const limit = (ref: Readonly<{ runId: number | null; idx: number | null }>, limits: BudgetLimits) =>
  record.db
    .transaction()
    .execute((tx) => setBudgetLimits(tx.withSchema('flotilla'), { workspaceId: 1, ...ref }, limits))

/** A worker that dies before its commit. */
async function cutOff(text: string, values: unknown[]): Promise<void> {
  const client = await record.pool.connect()
  try {
    await client.query('begin')
    await client.query(text, values)
  } finally {
    client.release(true)
  }
}
const moveFence = (runId: number, idx: number) =>
  record.pool.query('update flotilla.tasks set fence = fence + 1 where run_id = $1 and idx = $2', [runId, idx])

const amounts: fc.Arbitrary<Amounts> = fc
  .record({ tokens: fc.nat(300), costUsd: fc.nat(300), toolCalls: fc.nat(1), seconds: fc.nat(30) })
  .map((each) => ({ ...each, costUsd: each.costUsd / 1_000 }))
const limits: fc.Arbitrary<BudgetLimits> = fc.record(
  {
    tokens: fc.integer({ min: 1, max: 900 }),
    costUsd: fc.nat(900).map((n) => n / 1_000),
    toolCalls: fc.nat(4),
    seconds: fc.integer({ min: 1, max: 90 }),
  },
  { requiredKeys: [] },
)
const idx = fc.nat(1)
const nth = fc.nat(9)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('reserve' as const), idx, amounts }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('repeat' as const), nth, amounts }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('settle' as const), nth, amounts }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('release' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('crash' as const), idx, nth, amounts }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('lose' as const), idx }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('limit' as const),
      account: fc.constantFrom<AccountName>('task0', 'task1', 'run', 'workspace'),
      limits,
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never

const RESERVE = 'select flotilla.reserve_calls($1, $2, $3, $4, $5::jsonb[])'
const SETTLE = 'select flotilla.settle_calls($1, $2, $3::jsonb[])'

/** What the record answered, and what the model says that it should have. */
type Outcome = Readonly<{ found: unknown; expected: unknown }>
const SAME: Outcome = { found: null, expected: null }

/** One run under test: what is done to the record is done to the model too. */
class Bench {
  readonly runId: number
  readonly model: BudgetModel
  readonly #keys: string[] = []
  readonly #fences = [1, 1]

  constructor(runId: number, model: BudgetModel) {
    this.runId = runId
    this.model = model
  }

  async apply(each: Step): Promise<Outcome> {
    const key =
      'nth' in each ? (this.#keys[each.nth % Math.max(1, this.#keys.length)] ?? 'none') : `c${this.#keys.length}`
    switch (each.what) {
      case 'reserve':
        this.#keys.push(key)
        return this.#reserve(each.idx, key, each.amounts)
      case 'repeat': {
        const call = this.model.calls.get(key)
        return call === undefined ? SAME : this.#reserve(call.idx, key, each.amounts)
      }
      case 'settle':
      case 'release': {
        const used = each.what === 'settle' ? each.amounts : null
        const [end] = await settleCalls(record.pool, [{ runId: this.runId, key, used }])
        return { found: end?.status, expected: this.model.settle(key, used) }
      }
      case 'crash':
        await cutOff(RESERVE, [
          [this.runId],
          [each.idx],
          [this.#fences[each.idx]],
          ['cut off'],
          [JSON.stringify({ kind: 'model', name: 'm', ...each.amounts })],
        ])
        await cutOff(SETTLE, [[this.runId], [key], [JSON.stringify(each.amounts)]])
        return SAME
      case 'lose':
        await moveFence(this.runId, each.idx)
        this.#fences[each.idx] = (this.#fences[each.idx] ?? 0) + 1
        return { found: await releaseLostCalls(record.pool, 10), expected: this.model.lose(each.idx) }
      case 'limit':
        return this.#limit(each.account, each.limits)
    }
  }

  async #reserve(of: number, key: string, most: Amounts): Promise<Outcome> {
    const fence = this.#fences[of] ?? 0
    const [answer] = await reserveCalls(record.pool, [ask(this.runId, key, most, { idx: of, fence })])
    return { found: answer?.status, expected: this.model.reserve(of, key, most) }
  }

  async #limit(name: AccountName, to: BudgetLimits): Promise<Outcome> {
    const ref = name === 'workspace' ? null : this.runId
    const task = name === 'task0' ? 0 : name === 'task1' ? 1 : null
    return { found: await limit({ runId: ref, idx: task }, to), expected: this.model.limit(name, to) }
  }

  async accounts(): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const of of [0, 1]) {
      const found = await record.db
        .transaction()
        .execute((tx) => readBudgets(tx.withSchema('flotilla'), { runId: this.runId, idx: of }))
      const { task0, task1, run, workspace } = this.model.accounts
      const expected: BudgetAccount[] = [of === 0 ? task0 : task1, run, workspace]
      // What no call was held on yet has no account.
      if (found.length > 0) outcomes.push({ found, expected })
    }
    return outcomes
  }
}

it('any order of reserve, settle, release, crash, loss, top-up and lowered limit says what the model says, within every limit but for what was not held and what was there before', async () => {
  await fc.assert(
    fc.asyncProperty(
      limits,
      limits,
      limits,
      fc.array(step, { minLength: 10, maxLength: 30 }),
      async (task, run, workspace, steps) => {
        await forgetAll()
        await limit({ runId: null, idx: null }, workspace)
        const { seconds: _wallTime, ...ofRun } = run
        const bench = new Bench(
          await plantRun(record, 2, { task, run }),
          new BudgetModel({ task, run: ofRun, workspace }),
        )
        for (const each of steps) {
          const { found, expected } = await bench.apply(each)
          expect([each, found]).toEqual([each, expected])
        }
        for (const { found, expected } of await bench.accounts()) expect(found).toEqual(expected)
        expect(await faultsOfMoney(record.pool)).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)

/** Looks at the money until told to stop; what it finds wrong. */
function watch(): { stop: () => Promise<{ looks: number; faults: unknown[] }> } {
  const seen: { looks: number; faults: unknown[] } = { looks: 0, faults: [] }
  const stopping = new AbortController()
  const looking = (async () => {
    for (;;) {
      if (stopping.signal.aborted) return seen
      seen.faults.push(...(await faultsOfMoney(record.pool)))
      seen.looks += 1
    }
  })()
  return {
    stop: () => {
      stopping.abort()
      return looking
    },
  }
}

const move = fc.record({
  idx: fc.nat(3),
  what: fc.constantFrom('settle', 'settle', 'settle', 'over', 'release', 'abandon', 'crash', 'top-up', 'lower'),
  amounts,
})

it('workers side by side, dying, losing claims, topped up and braked, never pass a limit at any moment but by what was there before it was lowered', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(move, { minLength: 6, maxLength: 12 }), { minLength: 6, maxLength: 6 }),
      async (workers) => {
        await forgetAll()
        await limit({ runId: null, idx: null }, { costUsd: 2, tokens: 4_000 })
        const runs = [
          await plantRun(record, 4, { run: { costUsd: 1, tokens: 3_000 }, task: { costUsd: 0.5, seconds: 60 } }),
          await plantRun(record, 4, { run: { costUsd: 1.5, toolCalls: 10 } }),
        ]
        const watching = watch()
        await Promise.all(
          workers.map(async (moves, worker) => {
            for (const [n, each] of moves.entries()) await makeMove(runs[(worker + n) % 2] ?? 0, `${worker}/${n}`, each)
          }),
        )
        const { looks, faults } = await watching.stop()
        expect(faults).toEqual([])
        expect(looks).toBeGreaterThan(0)
        await record.pool.query('update flotilla.tasks set fence = fence + 1')
        await releaseLostCalls(record.pool, 10)
        expect(await faultsOfMoney(record.pool)).toEqual([])
        const { rows } = await record.pool.query(
          'select sum(tokens_reserved) + sum(cost_usd_reserved) + sum(seconds_reserved) as held from flotilla.budgets',
        )
        expect(rows).toEqual([{ held: 0 }])
      },
    ),
    // A race does not come back while it is made smaller.
    { numRuns: 8, endOnFailure: true },
  )
}, 120_000)

async function makeMove(runId: number, key: string, { idx: of, what, amounts: most }: Move): Promise<void> {
  const fence =
    (
      await record.pool.query<{ fence: number }>('select fence from flotilla.tasks where run_id = $1 and idx = $2', [
        runId,
        of,
      ])
    ).rows[0]?.fence ?? 0
  const call = ask(runId, key, most, { idx: of, fence })
  if (what === 'top-up') return void (await limit({ runId, idx: null }, { costUsd: 1.5 + most.costUsd }))
  if (what === 'lower') return void (await limit({ runId, idx: null }, { costUsd: most.costUsd }))
  if (what === 'crash')
    return cutOff(RESERVE, [[runId], [of], [fence], [key], [JSON.stringify({ kind: 'model', name: 'm', ...most })]])
  const [answer] = await reserveCalls(record.pool, [call])
  if (answer?.status !== 'admitted') return
  if (what === 'abandon') {
    await moveFence(runId, of)
    await releaseLostCalls(record.pool, 10)
  }
  // Where it was abandoned, this is the late word of the worker that lost it.
  const used =
    what === 'release'
      ? null
      : what === 'over'
        ? { ...most, costUsd: most.costUsd * 3 }
        : { ...most, costUsd: most.costUsd / 2 }
  await settleCalls(record.pool, [{ runId, key, used }])
}

/** Whole parts of a dollar, so that the sum is exact. */
const UNIT = 10_000

it('fifty tasks side by side on a run of $1 never pass it, and the provider sees no call that would', async () => {
  const runId = await plantRun(record, 50, { run: { costUsd: 1 } })
  const journal = new Map<string, number>()
  let refused = 0
  const watching = watch()
  await Promise.all(
    Array.from({ length: 50 }, async (_, of) => {
      for (let turn = 0; turn < 6; turn++) {
        const key = `${of}/${turn}`
        const most = 100 + 10 * ((of * 7 + turn * 13) % 50)
        const [answer] = await reserveCalls(record.pool, [ask(runId, key, cost(most / UNIT), { idx: of })])
        if (answer?.status !== 'admitted') {
          refused += 1
          continue
        }
        const used = turn % 2 === 0 ? most : (most * 6) / 10
        journal.set(key, used)
        await settleCalls(record.pool, [{ runId, key, used: cost(used / UNIT) }])
      }
    }),
  )
  expect((await watching.stop()).faults).toEqual([])
  const spent = [...journal.values()].reduce((sum, used) => sum + used, 0)
  const { rows } = await record.pool.query<{ settled: number; reserved: number }>(
    `select cost_usd_settled as settled, cost_usd_reserved as reserved from flotilla.budgets where run_id = $1 and level = 'run'`,
    [runId],
  )
  expect(rows[0]?.settled).toBeCloseTo(spent / UNIT, 9)
  expect(rows[0]?.reserved).toBe(0)
  expect(spent).toBeLessThanOrEqual(UNIT)
  expect(spent).toBeGreaterThan(0.9 * UNIT)
  expect(refused).toBeGreaterThan(0)
  const { rows: ledger } = await record.pool.query<{ key: string }>(
    'select key from flotilla.budget_calls where run_id = $1',
    [runId],
  )
  expect(ledger.map((row) => row.key).toSorted()).toEqual([...journal.keys()].toSorted())
}, 60_000)
