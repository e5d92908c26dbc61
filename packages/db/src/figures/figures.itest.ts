import { backlogOf, NO_BACKLOG, NO_USAGE, scalingView, type Backlog, type Pool } from '@flotilla/domain'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { replaceRoleLimits } from '../agents/seed.ts'
import { claimRun } from '../runs/claims.ts'
import { postponePlanning } from '../runs/planning.ts'
import { HOT, openExplained, visited } from '../testing/explained.ts'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { readBacklogs, readFleetFigures } from './reads.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
beforeEach(async () => {
  await record.pool.query('delete from flotilla.runs')
  await replaceRoleLimits(record.db, [])
})
afterAll(() => record.close())

const backlog = async (pool: Pool): Promise<Backlog> => backlogOf(await readBacklogs(record.db), pool)
const waits = (more: Partial<Backlog['waiting']>): Backlog['waiting'] => ({ ...NO_BACKLOG.waiting, ...more })
const LATER = 3_600_000

/** Has a task wait for a lane, or, without one, for room. */
const wait = (runId: number, idx: number, laneId: string | null) =>
  record.pool.query(`update flotilla.tasks set wait = $3 where run_id = $1 and idx = $2`, [
    runId,
    idx,
    JSON.stringify({ until: Date.now() + LATER, laneId, times: 1 }),
  ])

describe('the backlog of agents', () => {
  it('is what is in progress or claimable and due, of all workspaces, and nothing that waits or has ended', async () => {
    await record.pool.query(
      `insert into flotilla.workspaces (id, uid, name) values (77, 'wsp_other', 'other') on conflict do nothing`,
    )
    const runId = await record.plant([
      { status: 'in_progress' },
      { status: 'ready' },
      { status: 'ready', notBeforeMs: -1 },
      { status: 'revising' },
      { status: 'ready', notBeforeMs: LATER },
      { status: 'ready', notBeforeMs: LATER },
      { status: 'ready', notBeforeMs: LATER },
      { deps: [0] },
      { status: 'awaiting_approval' },
      { status: 'completed' },
      { status: 'failed' },
      { status: 'skipped' },
      { status: 'cancelled' },
    ])
    await wait(runId, 5, 'anthropic/m/key')
    await wait(runId, 6, null)
    await record.plant([{ status: 'in_progress', role: 'analyst' }, { role: 'analyst' }], { workspaceId: 77 })
    await record.plant([{ status: 'ready' }], { status: 'failed', live: false })
    const writer = { inProgress: 1, ready: 3, waiting: waits({ lane: 1, notDue: 2 }) }
    expect(await backlog('agent:writer')).toEqual(writer)
    expect(await backlog('agent:analyst')).toEqual({ ...NO_BACKLOG, inProgress: 1, ready: 1 })
    expect(await backlog('agents')).toEqual({ ...writer, inProgress: 2, ready: 4 })
    expect(scalingView('agents', await backlog('agents')).value).toBe(6)
    expect(await backlog('agent:nobody')).toEqual(NO_BACKLOG)
  })

  it('does not count what a paused run could do, but what a worker still holds of it', async () => {
    const paused = [{ status: 'in_progress' }, {}, { notBeforeMs: LATER }, { status: 'to_verify' }] as const
    const runId = await record.plant(paused, { status: 'paused' })
    await record.pool.query(`update flotilla.runs set resume_to = 'executing' where id = $1`, [runId])
    expect(await backlog('agents')).toEqual({ inProgress: 1, ready: 0, waiting: waits({ paused: 2 }) })
    expect(await backlog('verify')).toEqual({ inProgress: 0, ready: 0, waiting: waits({ paused: 1 }) })
  })

  it('counts as ready what fits into the limit of its role, and the rest as held back', async () => {
    await replaceRoleLimits(record.db, [
      { role: 'writer', max: 3 },
      { role: 'analyst', max: 1 },
      { role: 'reviewer', max: 9 },
    ])
    const analysts = Array.from({ length: 2 }, () => ({ status: 'in_progress', role: 'analyst' }) as const)
    await record.plant([
      { status: 'in_progress' },
      ...Array.from({ length: 5 }, () => ({})),
      ...analysts,
      { role: 'analyst' },
      { role: 'reviewer' },
    ])
    expect(await backlog('agent:writer')).toEqual({ inProgress: 1, ready: 2, waiting: waits({ limit: 3 }) })
    expect(await backlog('agent:analyst')).toEqual({ inProgress: 2, ready: 0, waiting: waits({ limit: 1 }) })
    expect(await backlog('agent:reviewer')).toEqual({ ...NO_BACKLOG, ready: 1 })
    expect(await backlog('agents')).toEqual({ inProgress: 3, ready: 3, waiting: waits({ limit: 4 }) })
  })
})

describe('the backlog of the other roles', () => {
  it('of judges and finishers holds tasks to be judged, whatever limit their role has, and runs to be finished', async () => {
    await replaceRoleLimits(record.db, [{ role: 'writer', max: 0 }])
    const runId = await record.plant([
      { status: 'verifying' },
      { status: 'to_verify' },
      { status: 'to_verify', notBeforeMs: LATER },
    ])
    await wait(runId, 2, 'anthropic/m/key')
    await record.plant([{ status: 'completed' }], { status: 'verifying' })
    await record.plant([{ status: 'completed' }], { status: 'verifying', holder: 'w1', dueMs: LATER })
    expect(await backlog('verify')).toEqual({ inProgress: 2, ready: 2, waiting: waits({ lane: 1 }) })
    expect(await backlog('agents')).toEqual(NO_BACKLOG)
  })

  it('of planners holds runs that are to be planned or expanded, until they rest', async () => {
    const dueAt = { expanded: false, dueMs: 3_000 }
    const runId = await record.plant([], { status: 'created', ...dueAt })
    await record.plant([], { status: 'executing', ...dueAt })
    await record.plant([], { status: 'awaiting_approval', ...dueAt })
    const paused = await record.plant([], { status: 'paused', ...dueAt })
    await record.pool.query(`update flotilla.runs set resume_to = 'planning' where id = $1`, [paused])
    expect(await backlog('plan')).toEqual({ inProgress: 0, ready: 2, waiting: waits({ paused: 1 }) })
    const claim = await claimRun(record.db, { runId, phase: 'plan', worker: 'w1', leaseMs: LATER })
    if (claim === null) throw new Error('the run cannot be claimed')
    expect(await backlog('plan')).toEqual({ inProgress: 1, ready: 1, waiting: waits({ paused: 1 }) })
    await postponePlanning(record.db, claim, { delayMs: LATER, turns: [], usage: NO_USAGE })
    expect(await backlog('plan')).toEqual({ inProgress: 0, ready: 1, waiting: waits({ paused: 1, notDue: 1 }) })
    expect(await claimRun(record.db, { runId, phase: 'plan', worker: 'w2', leaseMs: LATER })).toBeNull()
    await record.pool.query('update flotilla.runs set due = clock_timestamp() where id = $1', [runId])
    expect(await backlog('plan')).toMatchObject({ ready: 2 })
    expect(await claimRun(record.db, { runId, phase: 'plan', worker: 'w2', leaseMs: LATER })).not.toBeNull()
  })

  it('of learners and maintenance holds ended runs', async () => {
    await record.plant([], { status: 'completed', live: false })
    const learned = await record.plant([], { status: 'completed', live: false })
    await record.pool.query(`update flotilla.runs set learned = true, retention = 'removing' where id = $1`, [learned])
    expect(await backlog('learn')).toEqual({ ...NO_BACKLOG, ready: 1 })
    expect(await backlog('maintain')).toEqual({ ...NO_BACKLOG, ready: 1 })
  })
})

describe('the fleet’s figures', () => {
  it('count live runs by status', async () => {
    await record.plant([{}])
    await record.plant([{}])
    await record.plant([], { status: 'paused' })
    await record.plant([], { status: 'completed', live: false })
    expect((await readFleetFigures(record.db)).runs).toEqual({ executing: 2, paused: 1 })
  })

  it('tell for how long the oldest work of each pool was claimable', async () => {
    const ago = (seconds: number) => `clock_timestamp() - interval '${seconds} s'`
    const runId = await record.plant([{ status: 'completed' }, { deps: [0], status: 'ready' }, { notBeforeMs: LATER }])
    await record.pool.query(`update flotilla.runs set started_at = ${ago(9_000)} where id = $1`, [runId])
    await record.pool.query(`update flotilla.tasks set finished_at = ${ago(600)} where run_id = $1 and idx = 0`, [
      runId,
    ])
    const planned = await record.plant([], { status: 'created', expanded: false })
    await record.pool.query(`update flotilla.runs set started_at = null, created_at = ${ago(60)} where id = $1`, [
      planned,
    ])
    const { oldest } = await readFleetFigures(record.db)
    expect(Object.keys(oldest).toSorted()).toEqual(['agent:writer', 'plan'])
    // Since its dependency ended, and not since its run began.
    expect(oldest['agent:writer']).toBeGreaterThanOrEqual(600)
    expect(oldest['agent:writer']).toBeLessThan(9_000)
    expect(oldest.plan).toBeGreaterThanOrEqual(60)
  })

  it('are empty of an empty record', async () => {
    expect(await readFleetFigures(record.db)).toEqual({ runs: {}, oldest: {} })
    expect([...(await readBacklogs(record.db))]).toEqual([])
  })
})

describe('neither reads what has ended', () => {
  const ended = (runs: number, tasks: number) =>
    record.pool.query(
      `with r as (
         insert into flotilla.runs (workspace_id, uid, status, live, learned, auto_start, expanded, priority, total, todo, finished_at)
         select 1, 'run_ended_' || n, 'completed', false, true, true, true, 5, $2::int, 0, clock_timestamp() from generate_series(1, $1::int) n returning id)
       insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, deps, outs)
       select r.id, i, 1, 'writer', 5, 'completed', '{}', '{}' from r, generate_series(0, $2::int - 1) i`,
      [runs, tasks],
    )

  it('planned on an empty table, and still so when it has grown; planned anew on the grown table', async () => {
    const early = await openExplained(record)
    const read = (from: typeof early) =>
      from.plans(() => from.pool.query<object>('select flotilla.backlogs(), flotilla.fleet_figures()'))
    await read(early)
    await ended(500, 20)
    await record.plant([{ status: 'in_progress' }, {}, {}, { deps: [0] }])
    const check = async (from: typeof early): Promise<void> => {
      const hot = (await read(from)).filter((node) => HOT.has(node['Relation Name'] ?? ''))
      expect(hot.length).toBeGreaterThan(0)
      expect(hot.map((node) => node['Node Type']).filter((type) => !/^Index (Only )?Scan$/.test(type))).toEqual([])
      for (const node of hot)
        expect(visited(node), `rows of ${node['Relation Name']} that one node visited`).toBeLessThanOrEqual(8)
    }
    await check(early)
    await record.open('owner', 1).query('analyze flotilla.runs; analyze flotilla.tasks')
    await check(early)
    await check(await openExplained(record))
  })
})
