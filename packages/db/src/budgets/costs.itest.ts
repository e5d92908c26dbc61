import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { readCosts } from './costs.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const CALLS = 20_000

it('a short time is read by its index, however much was spent before', async () => {
  await record.pool.query(
    `insert into flotilla.budget_calls (run_id, key, workspace_id, fence, kind, name, purpose, status, accounts, reserved_at, usage, parts)
     select null, g::text, 1, 0, 'model', 'm' || (g % 5), 'analysis', 'settled', '{}', now() - (g || ' minutes')::interval,
       '{"inputTokens": 5}', '{"totalUsd": 0.01}' from generate_series(1, $1::int) g`,
    [CALLS],
  )
  await record.open('owner').query('analyze flotilla.budget_calls')
  const { rows } = await record.pool.query<Record<string, string>>(
    `explain select name from flotilla.budget_calls where workspace_id = 1 and kind = 'model' and status in ('settled', 'lost')
       and reserved_at >= now() - interval '1 hour' and reserved_at < now()`,
  )
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('budget_calls_paid')
  const query = {
    workspaceId: 1,
    from: new Date(0),
    to: new Date(Date.now() + 60_000),
    which: {},
    by: 'model',
    limit: 2,
    top: null,
  } as const
  const report = await record.db.transaction().execute((tx) => readCosts(tx.withSchema('flotilla'), query))
  expect(report.total).toMatchObject({ calls: CALLS, cost: { totalUsd: CALLS / 100 } })
  expect([report.items.length, report.rest.calls]).toEqual([2, (CALLS * 3) / 5])
})
