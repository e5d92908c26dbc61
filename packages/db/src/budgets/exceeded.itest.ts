import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { readLog } from '../testing/record-reads.ts'
import { pauseForBudget, recordBudgetExceeded } from './exceeded.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const GONE = { reason: 'all gone', policy: 'fail' }

describe('a budget that is used up', () => {
  it('is told once a run, however many tasks meet it at once', async () => {
    const runId = await record.plant(Array.from({ length: 8 }, () => ({ status: 'in_progress' as const })))
    await Promise.all(Array.from({ length: 8 }, (_, idx) => recordBudgetExceeded(record.db, { runId, idx }, GONE)))
    const log = await readLog(record.pool, runId)
    expect(log).toMatchObject([{ seq: 1, type: 'budget.exceeded', data: GONE }])
  })

  it('is not told of a run that has ended', async () => {
    const runId = await record.plant([{}], { status: 'cancelled', live: false })
    await recordBudgetExceeded(record.db, { runId, idx: 0 }, GONE)
    expect(await readLog(record.pool, runId)).toEqual([])
  })
})

describe('a run that is to be topped up', () => {
  it('is paused once, with the amounts, however many tasks ask for it at once', async () => {
    const runId = await record.plant(Array.from({ length: 4 }, () => ({ status: 'in_progress' as const })))
    const data = { reason: 'all gone', policy: 'pause', budget: { level: 'run', limit: 1 } }
    const paused = await Promise.all([0, 1, 2, 3].map((idx) => pauseForBudget(record.db, { runId, idx }, data)))
    expect(paused.filter(Boolean)).toHaveLength(1)
    expect(await readLog(record.pool, runId)).toMatchObject([
      { type: 'budget.exceeded', data },
      { type: 'run.paused', data: { was: 'executing', by: 'budget', reason: 'all gone' } },
    ])
  })

  it('stays as it is when it has ended', async () => {
    const runId = await record.plant([{}], { status: 'cancelled', live: false })
    expect(await pauseForBudget(record.db, { runId, idx: null }, GONE)).toBe(false)
    expect(await readLog(record.pool, runId)).toEqual([])
  })
})
