import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { claim, openRecord, settle, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { readAttempts, readLog, readRun, statuses } from '../testing/record-reads.ts'
import { failUnstarted } from './fail-unstarted.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
beforeEach(async () => {
  await record.pool.query('delete from flotilla.runs')
})
afterAll(() => record.close())

const run = () => failUnstarted(record.pool, { after: 0, upTo: Number.MAX_SAFE_INTEGER })
const NONE = { failed: [], closed: [] }

/** A run that began `ago` seconds ago; each task may wait for `within` seconds. */
async function plant(tasks: readonly Seedling[], { ago = 60, within = 30 }: { ago?: number; within?: number } = {}) {
  const runId = await record.plant(tasks)
  await record.pool.query('update flotilla.tasks set start_within = $2 where run_id = $1', [runId, within])
  await record.pool.query(`update flotilla.runs set started_at = now() - $2 * interval '1 s' where id = $1`, [
    runId,
    ago,
  ])
  return runId
}
const ago = (table: string, column: string, runId: number, seconds: number, where = 'true') =>
  record.pool.query(
    `update flotilla.${table} set ${column} = now() - ${seconds} * interval '1 s' where run_id = $1 and ${where}`,
    [runId],
  )
const event = (runId: number, seq: number, type: string, seconds: number) =>
  record.pool.query(
    `insert into flotilla.events (run_id, seq, workspace_id, type, at) values ($1, $2, 1, $3, now() - $4 * interval '1 s')`,
    [runId, seq, type, seconds],
  )

describe('a task that nobody claims', () => {
  it('fails once its limit is over, with the reason, and what waits for it is skipped', async () => {
    const runId = await plant([{ role: 'writer' }, { deps: [0] }, { deps: [1] }, {}])
    await record.pool.query('update flotilla.tasks set start_within = null where run_id = $1 and idx = 3', [runId])
    expect(await run()).toEqual({ failed: [{ runId, idx: 0 }], closed: [] })
    expect(await statuses(record.pool, runId)).toEqual(['failed', 'skipped', 'skipped', 'ready'])
    const error = {
      code: 'start_timeout',
      message:
        'no worker claimed it within 30 s; expected one for the role "writer": start more workers, or raise scheduleToStartSeconds',
    }
    expect(await readLog(record.pool, runId)).toMatchObject([
      { type: 'task.failed', idx: 0, data: { attempt: 0, error } },
      { type: 'task.skipped', idx: 1 },
      { type: 'task.skipped', idx: 2 },
      { type: 'run.progress', data: { failed: 1, skipped: 2 } },
    ])
    const { rows } = await record.pool.query('select error from flotilla.task_specs where run_id = $1 and idx = 0', [
      runId,
    ])
    expect(rows).toEqual([{ error }])
    expect(await readAttempts(record.pool, runId)).toEqual([])
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'executing', todo: 1, failed: 1, skipped: 2 })
    expect(await run()).toEqual(NONE)
  })

  it('ends its run with it where nothing is left', async () => {
    const runId = await plant([{}, { deps: [0] }])
    expect(await run()).toEqual({ failed: [{ runId, idx: 0 }], closed: [{ runId, priority: 5 }] })
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'verifying', todo: 0 })
  })

  it('loses the claim that comes a moment later', async () => {
    const runId = await plant([{}, {}])
    const [, claims] = await Promise.all([
      run(),
      record.step({
        claims: [
          { runId, idx: 0 },
          { runId, idx: 1 },
        ],
      }),
    ])
    const taken = claims.claimed.length
    await run()
    expect((await statuses(record.pool, runId)).filter((status) => status === 'failed')).toHaveLength(2 - taken)
  })
})

describe('the wait begins', () => {
  it('with the run, for a task that waits for nothing', async () => {
    await plant([{}], { ago: 29 })
    expect(await run()).toEqual(NONE)
  })

  it('with the end of the last dependency', async () => {
    const runId = await plant([{ status: 'completed' }, { status: 'completed' }, { deps: [0, 1], status: 'ready' }], {
      ago: 900,
    })
    await ago('tasks', 'finished_at', runId, 800, 'idx = 0')
    await ago('tasks', 'finished_at', runId, 20, 'idx = 1')
    expect(await run()).toEqual(NONE)
    await ago('tasks', 'finished_at', runId, 31, 'idx = 1')
    expect(await run()).toMatchObject({ failed: [{ runId, idx: 2 }] })
  })

  it.each(['retry', 'revise', 'release'] as const)('anew with each %s', async (verb) => {
    const runId = await plant([{}], { ago: 900 })
    const [held] = await claim(record, runId, 0)
    await record.step({ settlements: [settle(held as NonNullable<typeof held>, verb)] })
    expect(await run()).toEqual(NONE)
    await ago('attempts', 'finished_at', runId, 31)
    expect(await run()).toMatchObject({ failed: [{ runId, idx: 0 }] })
  })

  it('after the rest before a retry', async () => {
    const runId = await plant([{ notBeforeMs: -10_000 }], { ago: 900 })
    expect(await run()).toEqual(NONE)
    await ago('tasks', 'not_before', runId, 31)
    expect(await run()).toMatchObject({ failed: [{ runId, idx: 0 }] })
  })

  it('not while a worker or a judge has it, nor before it is ready', async () => {
    const others: Seedling[] = [{ status: 'in_progress' }, { status: 'to_verify' }, { status: 'verifying' }]
    const runId = await plant([...others, { deps: [0] }, {}], { ago: 900 })
    expect(await run()).toEqual({ failed: [{ runId, idx: 4 }], closed: [] })
  })
})

describe('time in which the run was paused', () => {
  it('does not count, of as many pauses as there were', async () => {
    const runId = await plant([{}], { ago: 100 })
    // 20 s and 40 s of pause: 40 s of waiting are left.
    await event(runId, 1, 'run.paused', 90)
    await event(runId, 2, 'run.resumed', 70)
    await event(runId, 3, 'run.paused', 60)
    await event(runId, 4, 'run.resumed', 20)
    await record.pool.query('update flotilla.runs set seq = 4 where id = $1', [runId])
    await record.pool.query('update flotilla.tasks set start_within = 45 where run_id = $1', [runId])
    expect(await run()).toEqual(NONE)
    await record.pool.query('update flotilla.tasks set start_within = 35 where run_id = $1', [runId])
    expect(await run()).toMatchObject({ failed: [{ runId, idx: 0 }] })
  })

  it('counts from where the wait began, also inside a pause', async () => {
    const runId = await plant([{ notBeforeMs: -40_000 }], { ago: 900 })
    await event(runId, 1, 'run.paused', 800)
    await event(runId, 2, 'run.resumed', 20)
    expect(await run()).toEqual(NONE)
  })

  it('stands still while it lasts', async () => {
    const runId = await plant([{}], { ago: 900 })
    await record.pool.query(`update flotilla.runs set status = 'paused', resume_to = 'executing' where id = $1`, [
      runId,
    ])
    expect(await run()).toEqual(NONE)
  })
})
