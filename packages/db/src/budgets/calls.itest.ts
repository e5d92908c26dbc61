import { NO_SPEND } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, cost, faultsOfMoney, plantRun } from '../testing/budget-fixture.ts'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { readLog } from '../testing/record-reads.ts'
import { releaseLostCalls, reserveCalls, settleCalls, type Admission, type CallEnd } from './calls.ts'
import { setBudgetLimits } from './limits.ts'
import { readBudgets } from './reads.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
beforeEach(async () => {
  await record.pool.query(`delete from flotilla.runs; delete from flotilla.budgets`)
  await limit(null, {})
})
afterAll(() => record.close())

const limit = (runId: number | null, limits: Parameters<typeof setBudgetLimits>[2], idx: number | null = null) =>
  record.db
    .transaction()
    .execute((tx) => setBudgetLimits(tx.withSchema('flotilla'), { workspaceId: 1, runId, idx }, limits))
const one = async (...call: Parameters<typeof ask>): Promise<Admission> =>
  (await reserveCalls(record.pool, [ask(...call)]))[0] as Admission
const end = async (runId: number, key: string, used: Parameters<typeof cost>[0] | null): Promise<CallEnd> =>
  (await settleCalls(record.pool, [{ runId, key, used: used === null ? null : cost(used) }]))[0] as CallEnd
const budgets = (runId: number, idx: number | null = 0) =>
  record.db.transaction().execute((tx) => readBudgets(tx.withSchema('flotilla'), { runId, idx }))
const money = async (runId: number) =>
  (await budgets(runId)).map(({ level, limits, reserved, settled }) => [
    level,
    limits.costUsd,
    reserved.costUsd,
    settled.costUsd,
  ])
const status = async (runId: number, key: string): Promise<string | undefined> =>
  (
    await record.pool.query<{ status: string }>(
      'select status from flotilla.budget_calls where run_id = $1 and key = $2',
      [runId, key],
    )
  ).rows[0]?.status
const ADMITTED = { status: 'admitted', leftMs: null, accounts: expect.any(Array) }

describe('a call', () => {
  it('is held on the accounts of its task, its run and the month, and then charged to them', async () => {
    await limit(null, { costUsd: 10 })
    const runId = await plantRun(record, 1, { run: { costUsd: 2 }, task: { costUsd: 1 } })
    expect(await one(runId, 'a', cost(0.7))).toEqual(ADMITTED)
    expect(await money(runId)).toEqual([
      ['task', 1, 0.7, 0],
      ['run', 2, 0.7, 0],
      ['workspace', 10, 0.7, 0],
    ])
    expect(await end(runId, 'a', 0.3)).toEqual({ status: 'settled', charged: cost(0.3), over: NO_SPEND, warned: [] })
    expect(await money(runId)).toEqual([
      ['task', 1, 0, 0.3],
      ['run', 2, 0, 0.3],
      ['workspace', 10, 0, 0.3],
    ])
  })

  it.each([
    ['task', { costUsd: 1 }, { costUsd: 0.1 }, 10],
    ['run', { costUsd: 0.1 }, { costUsd: 1 }, 10],
    ['workspace', { costUsd: 1 }, {}, 0.1],
  ] as const)('that does not fit the %s is held nowhere, with the amounts', async (level, run, task, month) => {
    await limit(null, { costUsd: month })
    const runId = await plantRun(record, 1, { run, task })
    const refused = await one(runId, 'a', cost(0.2))
    expect(refused).toMatchObject({
      status: 'budget',
      stop: { level, dimension: 'costUsd', limit: 0.1, reserved: 0, settled: 0, asked: 0.2 },
    })
    // With what the next decision is made on: the accounts that have a limit.
    expect(refused.status === 'budget' && refused.accounts.map((account) => account.level)).toEqual(
      (['task', 'run', 'workspace'] as const).filter((each) => each !== 'task' || level !== 'workspace'),
    )
    for (const account of await budgets(runId)) expect(account.reserved).toEqual(NO_SPEND)
    expect(await status(runId, 'a')).toBeUndefined()
  })

  it('of a planner is held on the run and the month', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    expect(await one(runId, 'plan', cost(0.2), { idx: null, fence: 0 })).toEqual(ADMITTED)
    expect((await budgets(runId, null)).map((account) => [account.level, account.reserved.costUsd])).toEqual([
      ['run', 0.2],
      ['workspace', 0.2],
    ])
  })

  it('comes in a batch with others, in order: those that fit are held', async () => {
    const runId = await plantRun(record, 3, { run: { costUsd: 1 } })
    const answers = await reserveCalls(
      record.pool,
      [0, 1, 2].map((idx) => ask(runId, `a${idx}`, cost(0.4), { idx })),
    )
    expect(answers.map((answer) => answer.status)).toEqual(['admitted', 'admitted', 'budget'])
  })

  it('holds and pays once, however often it is repeated', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    for (let n = 0; n < 3; n++) expect(await one(runId, 'a', cost(0.6))).toEqual(ADMITTED)
    expect(await end(runId, 'a', 0.5)).toMatchObject({ status: 'settled' })
    expect(await end(runId, 'a', 0.5)).toEqual({ status: 'already' })
    expect(await one(runId, 'a', cost(0.6))).toEqual({ status: 'settled' })
    expect(await money(runId)).toMatchObject([{}, ['run', 1, 0, 0.5], {}])
  })

  it('that never reached its provider costs nothing', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    await one(runId, 'a', cost(0.6))
    expect(await end(runId, 'a', null)).toEqual({ status: 'released' })
    expect(await end(runId, 'a', null)).toEqual({ status: 'already' })
    expect(await end(runId, 'b', null)).toEqual({ status: 'unknown' })
    expect(await one(runId, 'a', cost(0.1))).toEqual({ status: 'closed' })
    expect(await one(runId, 'a2', cost(1))).toEqual(ADMITTED)
  })

  it('that uses more than was held is charged whole, on its run as on a month without a limit, and told of', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    await one(runId, 'a', cost(0.6))
    expect(await end(runId, 'a', 1.25)).toMatchObject({ status: 'settled', charged: cost(1.25), over: cost(0.65) })
    expect((await money(runId)).slice(1)).toEqual([
      ['run', 1, 0, 1.25],
      ['workspace', undefined, 0, 1.25],
    ])
    expect(await one(runId, 'b', cost(0.0001))).toMatchObject({ status: 'budget', stop: { settled: 1.25 } })
    expect(await faultsOfMoney(record.pool)).toEqual([])
  })
})

describe('admission', () => {
  const set = (runId: number, what: string) => record.pool.query(`update flotilla.${what} = $1`, [runId])
  it.each([
    ['fence_lost', 'tasks set fence = 2 where run_id'],
    ['fence_lost', `tasks set status = 'ready' where run_id`],
    ['paused', `runs set status = 'paused' where id`],
    ['cancelled', `runs set status = 'cancelled', live = false where id`],
    ['ended', `runs set status = 'failed', live = false where id`],
    ['out_of_time', `runs set deadline = now() where id`],
  ])('is refused as %s', async (expected, change) => {
    const runId = await plantRun(record, 1)
    await set(runId, change)
    expect(await one(runId, 'a', cost(0.1))).toEqual({ status: expected })
    expect(await status(runId, 'a')).toBeUndefined()
  })

  it('is refused to a planner who has lost the run, and for a run that is not there', async () => {
    const runId = await plantRun(record, 1)
    expect(await one(runId, 'a', cost(0.1), { idx: null, fence: 7 })).toEqual({ status: 'fence_lost' })
    expect(await one(999_999, 'a', cost(0.1))).toEqual({ status: 'ended' })
  })

  it('says how long a run may still take', async () => {
    const runId = await plantRun(record, 1)
    await set(runId, `runs set deadline = now() + interval '60 s' where id`)
    const answer = await one(runId, 'a', cost(0.1))
    expect(answer.status === 'admitted' ? Math.ceil((answer.leftMs ?? 0) / 10_000) : answer).toBe(6)
  })
})

describe('a claim that is lost', () => {
  it('gives back what its calls hold, once; what is held by others stays', async () => {
    const runId = await plantRun(record, 2, { run: { costUsd: 1 } })
    await one(runId, 'a', cost(0.5))
    await one(runId, 'b', cost(0.3), { idx: 1 })
    expect(await releaseLostCalls(record.pool, 100)).toBe(0)
    await record.pool.query('update flotilla.tasks set fence = 2 where run_id = $1 and idx = 0', [runId])
    expect(await releaseLostCalls(record.pool, 100)).toBe(1)
    expect(await releaseLostCalls(record.pool, 100)).toBe(0)
    expect([await status(runId, 'a'), await status(runId, 'b')]).toEqual(['lost', 'reserved'])
    expect((await money(runId))[1]).toEqual(['run', 1, 0.3, 0])
  })

  it('is charged with usage that comes in late, all of it', async () => {
    const runId = await plantRun(record, 2, { run: { costUsd: 1 } })
    await one(runId, 'a', cost(0.5))
    await record.pool.query('update flotilla.tasks set fence = 2 where run_id = $1 and idx = 0', [runId])
    await releaseLostCalls(record.pool, 100)
    await one(runId, 'b', cost(0.8), { idx: 1 })
    expect(await end(runId, 'a', 0.5)).toMatchObject({ status: 'settled', charged: cost(0.5), over: cost(0.5) })
    expect((await money(runId))[1]).toEqual(['run', 1, 0.8, 0.5])
    expect(await faultsOfMoney(record.pool)).toEqual([])
  })

  it('of a cancelled run gives back too', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    await one(runId, 'a', cost(0.5))
    await record.pool.query(`update flotilla.runs set status = 'cancelled', live = false where id = $1`, [runId])
    expect(await releaseLostCalls(record.pool, 100)).toBe(1)
  })
})

describe('a limit', () => {
  it('is told of once when 80 % of it are spent, and again after a top-up', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    for (const key of ['a', 'b']) await one(runId, key, cost(0.4))
    expect(await end(runId, 'a', 0.4)).toMatchObject({ warned: [] })
    const warning = { level: 'run', dimension: 'costUsd', limit: 1, reserved: 0, settled: 0.8, share: 0.8 }
    expect(await end(runId, 'b', 0.4)).toMatchObject({ warned: [warning] })
    await one(runId, 'c', cost(0.1))
    expect(await end(runId, 'c', 0.1)).toMatchObject({ warned: [] })
    expect(await limit(runId, { costUsd: 2 })).toBe(true)
    await one(runId, 'd', cost(0.8))
    expect(await end(runId, 'd', 0.8)).toMatchObject({ warned: [{ limit: 2, settled: 1.7 }] })
    const log = await readLog(record.pool, runId)
    expect(log.filter((event) => event.type === 'budget.warning').map((event) => event.data)).toMatchObject([
      warning,
      { limit: 2 },
    ])
  })

  it('that is raised lets the next call through', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    await one(runId, 'a', cost(0.9))
    expect(await one(runId, 'b', cost(0.5))).toMatchObject({ status: 'budget' })
    expect(await limit(runId, { costUsd: 2 })).toBe(true)
    expect(await one(runId, 'b', cost(0.5))).toEqual(ADMITTED)
    expect(await limit(999_999, {})).toBe(false)
  })

  it.each([{ costUsd: 0.8 }, { costUsd: 0 }])(
    'is lowered to %j below what is spent and held: calls under way are paid, and nothing more begins',
    async (lower) => {
      const runId = await plantRun(record, 1, { run: { costUsd: 2 } })
      for (const key of ['a', 'b', 'c']) await one(runId, key, cost(0.6))
      await end(runId, 'a', 0.5)
      expect(await limit(runId, lower)).toBe(true)
      expect(await faultsOfMoney(record.pool)).toEqual([])
      expect(await one(runId, 'd', cost(0.01))).toMatchObject({ status: 'budget', stop: { limit: lower.costUsd } })
      for (const key of ['b', 'c']) expect(await end(runId, key, 0.6)).toMatchObject({ status: 'settled' })
      expect(await one(runId, 'd', cost(0.01))).toMatchObject({ status: 'budget', stop: { settled: 1.7, reserved: 0 } })
      expect(await limit(runId, { costUsd: 2 })).toBe(true)
      expect(await faultsOfMoney(record.pool)).toEqual([])
      expect(await one(runId, 'd', cost(0.3))).toEqual(ADMITTED)
      const { rows } = await record.pool.query(
        `select cost_usd_above as above, cost_usd_over as over from flotilla.budgets where run_id = $1 and level = 'run'`,
        [runId],
      )
      expect(rows).toEqual([{ above: 0, over: 0 }])
    },
  )

  it('that calls have passed by what was not held is changed like any other', async () => {
    const runId = await plantRun(record, 1, { run: { costUsd: 1 } })
    await one(runId, 'a', cost(0.6))
    await end(runId, 'a', 3)
    for (const limits of [{ costUsd: 1, tokens: 9 }, { costUsd: 2 }, { costUsd: 3 }]) {
      expect(await limit(runId, limits)).toBe(true)
      expect(await one(runId, 'b', cost(0.1))).toMatchObject({ status: 'budget', stop: { settled: 3 } })
    }
    expect(await faultsOfMoney(record.pool)).toEqual([])
  })

  it('of a workspace holds for a calendar month, and what began in one is charged to it', async () => {
    await limit(null, { costUsd: 1 })
    const runId = await plantRun(record, 1)
    await one(runId, 'a', cost(0.9))
    await record.pool.query(`update flotilla.budgets set month = month - interval '1 month' where level = 'workspace'`)
    expect(await one(runId, 'b', cost(0.8))).toEqual(ADMITTED)
    await end(runId, 'a', 0.5)
    const { rows } = await record.pool.query(
      `select cost_usd_limit as most, cost_usd_reserved as held, cost_usd_settled as spent from flotilla.budgets where level = 'workspace' order by month`,
    )
    expect(rows).toEqual([
      { most: 1, held: 0, spent: 0.5 },
      { most: 1, held: 0.8, spent: 0 },
    ])
  })
})

const WAITING = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

it('two runs do not take the same room of the month: the second waits for the first one’s commit, and is refused', async () => {
  await limit(null, { costUsd: 1 })
  const [first, second] = [await plantRun(record, 1), await plantRun(record, 1)]
  const client = await record.pool.connect()
  try {
    await client.query('begin')
    await client.query(`select flotilla.reserve_calls($1, '{0}', '{1}', '{a}', $2::jsonb[])`, [
      [first],
      [JSON.stringify({ kind: 'model', name: 'm', ...cost(0.6) })],
    ])
    const waiting = one(second, 'a', cost(0.6))
    const owner = record.open('owner', 1)
    await until(async () => (await owner.query(WAITING)).rowCount === 1, { what: 'the second waits' })
    await client.query('commit')
    expect(await waiting).toMatchObject({ status: 'budget', stop: { level: 'workspace', reserved: 0.6 } })
  } finally {
    client.release(true)
  }
})

it('a sub-run draws on the account of its parent, within limits of its own', async () => {
  const parent = await plantRun(record, 1, { run: { costUsd: 1 }, task: { costUsd: 0.5 } })
  await one(parent, 'a', cost(0.1))
  const child = await plantRun(record, 1, { run: { costUsd: 0.45 } })
  await record.pool.query(
    `update flotilla.runs set draws_on = (select id from flotilla.budgets where run_id = $1 and level = 'task') where id = $2`,
    [parent, child],
  )
  expect(await one(child, 'a', cost(0.46))).toMatchObject({ status: 'budget', stop: { level: 'run', limit: 0.45 } })
  expect(await one(child, 'a', cost(0.41))).toMatchObject({ status: 'budget', stop: { level: 'task', limit: 0.5 } })
  expect(await one(child, 'a', cost(0.3))).toEqual(ADMITTED)
  await end(child, 'a', 0.3)
  expect((await budgets(child)).map((account) => [account.level, account.settled.costUsd])).toEqual([
    ['task', 0.3],
    ['run', 0.3],
    ['task', 0.3],
    ['run', 0.3],
    ['workspace', 0.3],
  ])
  expect((await money(parent))[1]).toEqual(['run', 1, 0.1, 0.3])
  expect(await faultsOfMoney(record.pool)).toEqual([])
})
