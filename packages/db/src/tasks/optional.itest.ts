import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claim, openRecord, settle, type TestRecord } from '../testing/record-fixture.ts'
import { readAttempts, readLog, readRun, statuses } from '../testing/record-reads.ts'
import { failUnstarted } from './fail-unstarted.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const typesOf = async (runId: number): Promise<string[]> =>
  (await readLog(record.pool, runId)).map(({ type, idx }) => `${type} ${idx}`)

describe('what waits for an optional task', () => {
  it('starts without it when it is left out, and both are told', async () => {
    const runId = await record.plant([{ optional: true }, {}, { deps: [0, 1] }])
    const [extra, other] = await claim(record, runId, 0, 1)
    if (!extra || !other) throw new Error('expected two claims')
    await record.step({ settlements: [settle(other, 'complete')] })
    const told = { reason: 'short of money', changed: [{ what: 'optional_task', task: 't0' }] }
    const event = { reason: 'optional' }
    const result = await record.step({ settlements: [settle(extra, 'drop', { data: { event, told } })], cap: 1 })
    expect(result).toMatchObject({ settled: [0], claimed: [{ idx: 2 }], wake: [], closed: [] })
    expect(await statuses(record.pool, runId)).toEqual(['skipped', 'completed', 'in_progress'])
    expect(await readRun(record.pool, runId)).toMatchObject({ todo: 1, completed: 1, skipped: 1, failed: 0 })
    const log = await readLog(record.pool, runId)
    expect(log.find(({ type }) => type === 'budget.degraded')).toMatchObject({ idx: 0, data: told })
    expect(log.find(({ type }) => type === 'task.skipped')).toMatchObject({ idx: 0, data: { attempt: 1, ...event } })
    expect((await typesOf(runId)).slice(-3)).toEqual(['task.ready 2', 'task.started 2', 'run.progress null'])
    expect((await readAttempts(record.pool, runId)).filter(({ idx }) => idx === 0)).toMatchObject([
      { status: 'released' },
    ])
  })

  it('starts without it when it fails; its run goes on', async () => {
    const runId = await record.plant([{ status: 'in_progress', optional: true }, { deps: [0] }, { deps: [1] }])
    const result = await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'fail')] })
    expect(result.wake).toMatchObject([{ idx: 1 }])
    expect(await statuses(record.pool, runId)).toEqual(['failed', 'ready', 'pending'])
  })

  it('starts when it is skipped for another’s failure, once all else that it waits for has ended', async () => {
    // 0 fails, 1 is skipped with it; 2 waits for 1 alone, 3 for 1 and for 4 that still runs, 5 for 0 itself.
    const runId = await record.plant([
      { status: 'in_progress' },
      { deps: [0], optional: true },
      { deps: [1] },
      { deps: [1, 4] },
      { status: 'in_progress' },
      { deps: [0, 1] },
    ])
    const result = await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'fail')] })
    expect(result.wake).toMatchObject([{ idx: 2 }])
    expect(await statuses(record.pool, runId)).toEqual([
      'failed',
      'skipped',
      'ready',
      'pending',
      'in_progress',
      'skipped',
    ])
    const next = await record.step({ settlements: [settle({ runId, idx: 4, fence: 1 }, 'complete')] })
    expect(next.wake).toMatchObject([{ idx: 3 }])
  })

  it('closes the run when nothing waits for it', async () => {
    const runId = await record.plant([{ status: 'completed' }, { status: 'in_progress', optional: true }])
    const result = await record.step({ settlements: [settle({ runId, idx: 1, fence: 1 }, 'drop')] })
    expect(result.closed).toEqual([runId])
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'verifying', todo: 0, skipped: 1 })
  })

  it('is ready without it when nobody has claimed it in time', async () => {
    const runId = await record.plant([{ optional: true }, { deps: [0] }])
    await record.pool.query('update flotilla.tasks set start_within = 1 where run_id = $1 and idx = 0', [runId])
    await record.pool.query(`update flotilla.runs set started_at = now() - interval '1 h' where id = $1`, [runId])
    const result = await failUnstarted(record.pool, { after: runId - 1, upTo: runId })
    expect(result).toEqual({ failed: [{ runId, idx: 0 }], closed: [] })
    expect(await statuses(record.pool, runId)).toEqual(['failed', 'ready'])
    expect(await typesOf(runId)).toContain('task.ready 1')
    expect(await claim(record, runId, 1)).toMatchObject([{ idx: 1, attempt: 1 }])
  })
})
