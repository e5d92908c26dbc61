import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectLookups, openExplained } from '../testing/explained.ts'
import { describeRun, openRecord, settle, stepInput, type TestRecord } from '../testing/record-fixture.ts'
import { createDb } from '../connect.ts'
import { readEndedRuns } from '../runs/finish-reads.ts'
import { readLearnedTasks } from '../stats/learn.ts'
import { step } from './step.ts'
import { heartbeat, sweep } from './transitions.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

/** A run with a task under way that releases `width` others, one more that is ready, and many that have nothing to do with them. */
async function fan(width: number, others: number): Promise<number> {
  const runId = await record.plant([
    { status: 'in_progress' },
    ...Array.from({ length: width }, () => ({ deps: [0] })),
    {},
    ...Array.from({ length: others }, () => ({})),
  ])
  await describeRun(record, runId)
  return runId
}

async function grow(): Promise<void> {
  await record.pool.query(`
    with r as (
      insert into flotilla.runs (workspace_id, uid, status, auto_start, expanded, priority, total, todo)
      select 1, 'run_grown_' || n, 'executing', true, true, 5, 100, 100 from generate_series(1, 300) n returning id),
    specs as (
      insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget)
      select id, 1, '', '{}', 'parallel', '{}', '{}' from r),
    task_specs as (
      insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec)
      select r.id, i, 1, 't' || i, '', 'writing', '{}' from r, generate_series(0, 99) i),
    outputs as (
      insert into flotilla.outputs (run_id, idx, attempt, workspace_id, output)
      select r.id, i, 1, 1, '{}' from r, generate_series(0, 99) i)
    insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, deps, outs, due)
    select r.id, i, 1, 'writer', 5, case when i = 0 then 'ready' else 'pending' end, case when i = 0 then '{}' else array[i - 1] end,
      case when i = 99 then '{}' else array[i + 1] end, clock_timestamp() + interval '1 hour'
    from r, generate_series(0, 99) i`)
}
const analyze = () => record.open('owner', 1).query('analyze')

describe('the functions of the hot path look rows up by key', () => {
  const WIDTH = 6
  const OTHERS = 300
  const act = async (pool: pg.Pool): Promise<void> => {
    const runId = await fan(WIDTH, OTHERS)
    const failing = await fan(WIDTH, OTHERS)
    const settlements = [
      settle({ runId, idx: 0, fence: 1 }, 'complete', {
        data: { output: { text: '', artifacts: [], citations: [], simulated: true } },
      }),
      settle({ runId: failing, idx: 0, fence: 1 }, 'fail'),
    ]
    const { settled, claimed } = await step(
      pool,
      stepInput({ settlements, claims: [{ runId, idx: WIDTH + 1 }], cap: 3 }),
    )
    expect([settled.length, claimed.length]).toEqual([2, 4])
    expect(claimed.map((task) => task.record?.dependencies.length)).toEqual([0, 1, 1, 1])
    expect(await heartbeat(pool, claimed, 60_000)).toEqual([])
  }
  /** A deep page of one run reads that run's tasks. */
  const look = async (pool: pg.Pool): Promise<void> => {
    const runId = await fan(WIDTH, 0)
    await sweep(pool, { after: runId - 1, limit: 1, ready: true, deep: true, maxRecoveries: 5 })
  }
  /** Finishing and learning read the runs that they were given. */
  const end = async (pool: pg.Pool): Promise<void> => {
    const runIds = [await fan(WIDTH, 0), await fan(WIDTH, 0)]
    const db = createDb(pool)
    expect((await readEndedRuns(db, runIds)).size).toBe(2)
    await readLearnedTasks(db, runIds)
  }
  const END = { runs: 2, run_specs: 2, tasks: 2 * (WIDTH + 2), task_specs: 2 * (WIDTH + 2) }
  const STEP = { runs: 4, tasks: 4 * WIDTH, events: 0, run_specs: 4, task_specs: 4 }
  const SWEEP = { runs: 2, tasks: 2 * (WIDTH + 2) }

  const expectKeys = async (from: Awaited<ReturnType<typeof openExplained>>): Promise<void> => {
    expectLookups(await from.plans(() => act(from.pool)), STEP)
    expectLookups(await from.plans(() => look(from.pool)), SWEEP)
    expectLookups(await from.plans(() => end(from.pool)), END)
  }

  it('planned on an empty table, and still so when it has grown; planned anew on the grown table', async () => {
    const early = await openExplained(record)
    await expectKeys(early)
    await grow()
    await analyze()
    await expectKeys(early)
    await expectKeys(await openExplained(record))
  })

  // To the planner such a table has no rows, whatever comes into it: reading all of it seems as cheap as looking one up.
  it('planned on a table that was emptied, and was known as empty, when it has grown', async () => {
    await record.pool.query('delete from flotilla.runs')
    await analyze()
    const emptied = await openExplained(record)
    await expectKeys(emptied)
    await grow()
    await expectKeys(emptied)
    await expectKeys(await openExplained(record))
  })
})
