import { reserveCalls } from '@flotilla/db'
import { NO_SPEND } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { afterEach, expect, it } from 'vitest'
import { openSpine, type Spine } from '../testing/spine-fixture.ts'

let spine: Spine
afterEach(() => spine.close())

it('a call whose claim ended without its payment is given back by a worker that does maintenance', async () => {
  spine = await openSpine('redis', 0)
  const most = { ...NO_SPEND, tokens: 10, costUsd: 0.4 }
  await spine.work(async ({ runId, idx, fence }) => {
    await reserveCalls(spine.pool, [{ runId, idx, fence, key: 'lost', kind: 'model', name: 'm', most }])
    return {}
  })
  const runId = await spine.submit([{ key: 'a', role: 'writer' }])
  expect(await spine.ended(runId)).toBe('completed')
  const status = () =>
    spine.pool.query<{ status: string }>('select status from flotilla.budget_calls where run_id = $1', [runId])
  await until(async () => (await status()).rows[0]?.status === 'lost', {
    what: 'the call is given up',
    timeoutMs: 20_000,
  })
  const { rows } = await spine.pool.query<{ held: number }>(
    'select sum(cost_usd_reserved)::float8 as held from flotilla.budgets',
  )
  expect(rows).toEqual([{ held: 0 }])
})
