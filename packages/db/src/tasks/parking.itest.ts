import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { expectLookups, openExplained } from '../testing/explained.ts'
import { knock, lineUp, park, readParkedRoles, unpark } from './parking.ts'
import { sweep } from './transitions.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
  await record.pool.query(
    `insert into flotilla.workspaces (id, uid, name) values (2, 'wsp_2', 'two'), (3, 'wsp_3', 'three')`,
  )
})
afterAll(() => record.close())
beforeEach(async () => {
  await record.pool.query(`delete from flotilla.runs; delete from flotilla.shares; delete from flotilla.pools;
    update flotilla.share_clock set at = 0; update flotilla.workspaces set weight = 1`)
})

const ready = (n: number, role = 'writer') => Array.from({ length: n }, () => ({ role, dueMs: 3_000 }))
const plantParked = async (workspaceId: number, n: number, priority = 5, role = 'writer'): Promise<number> => {
  const runId = await record.plant(ready(n, role), { workspaceId, priority })
  await park(
    record.pool,
    Array.from({ length: n }, (_, idx) => ({ runId, idx })),
  )
  return runId
}
const draw = (n: number, roles: readonly string[] | null = null) => unpark(record.pool, { roles, n, started: [] })
/** How many of `n` tasks each run gets, drawn in pieces. */
async function counts(n: number, piece: number): Promise<Map<number, number>> {
  const had = new Map<number, number>()
  for (let left = n; left > 0; left -= piece)
    for (const { runId } of (await draw(Math.min(piece, left))).tasks) had.set(runId, (had.get(runId) ?? 0) + 1)
  return had
}
const sweepAll = () => sweep(record.pool, { after: 0, limit: 1_000, ready: true, deep: false, maxRecoveries: 5 })

describe('parked tasks', () => {
  it('are woken by nobody, and drawn in their order', async () => {
    const runId = await plantParked(1, 5)
    await record.pool.query(`update flotilla.tasks set due = clock_timestamp() - interval '1 s' where due < 'infinity'`)
    expect((await sweepAll()).wake).toEqual([])
    const first = await draw(2)
    expect(first.tasks.map(({ idx }) => idx)).toEqual([0, 1])
    expect(first.tasks[0]).toEqual({
      runId,
      idx: 0,
      role: 'writer',
      delayMs: 0,
      judge: false,
      priority: 5,
      workspaceId: 1,
    })
    expect(first.waiting).toEqual([1])
    expect((await draw(9)).tasks.map(({ idx }) => idx)).toEqual([2, 3, 4])
    expect(await draw(9)).toEqual({ tasks: [], waiting: [] })
  })

  it('are woken again when whoever drew them is lost', async () => {
    await plantParked(1, 2)
    expect((await draw(1)).tasks).toHaveLength(1)
    await record.pool.query(`update flotilla.tasks set due = due - interval '4 s' where due < 'infinity'`)
    expect((await sweepAll()).wake.map(({ idx }) => idx)).toEqual([0])
  })

  it('can be claimed by a wake-up that is late, and are drawn no more', async () => {
    const runId = await plantParked(1, 3)
    expect((await record.step({ claims: [{ runId, idx: 1 }] })).claimed).toHaveLength(1)
    expect((await draw(9)).tasks.map(({ idx }) => idx)).toEqual([0, 2])
  })

  it('are of the roles asked for; judging is one of them', async () => {
    await plantParked(1, 2, 5, 'reviewer')
    const judged = await record.plant([{ status: 'to_verify', dueMs: 3_000 }])
    await park(record.pool, [{ runId: judged, idx: 0 }])
    expect(await readParkedRoles(record.pool)).toEqual(expect.arrayContaining(['reviewer', '@judge']))
    expect(await draw(9, ['writer'])).toEqual({ tasks: [], waiting: [] })
    expect((await draw(9, ['@judge'])).tasks).toMatchObject([{ runId: judged, judge: true }])
    expect((await draw(9, ['reviewer', 'writer'])).tasks).toHaveLength(2)
  })

  it('of a role without room stay, and so do those of a paused run', async () => {
    await record.pool.query(`insert into flotilla.pools (role, max_running, running) values ('writer', 1, 1)`)
    const runId = await plantParked(1, 2)
    expect(await draw(9)).toEqual({ tasks: [], waiting: [1] })
    await record.pool.query(`delete from flotilla.pools; update flotilla.runs set status = 'paused'`)
    expect(await draw(9)).toEqual({ tasks: [], waiting: [] })
    await record.pool.query(`update flotilla.runs set status = 'executing'`)
    expect((await draw(9)).tasks.map((task) => task.runId)).toEqual([runId, runId])
  })

  it('that rest or run are left alone', async () => {
    const runId = await record.plant([{ notBeforeMs: 60_000 }, { status: 'in_progress' }, { deps: [0] }])
    await park(
      record.pool,
      [0, 1, 2].map((idx) => ({ runId, idx })),
    )
    expect(await readParkedRoles(record.pool)).toEqual([])
  })

  it('that no draw would find are found by the sweep', async () => {
    await plantParked(1, 3)
    expect((await draw(1)).tasks).toHaveLength(1)
    await record.pool.query('delete from flotilla.parked')
    await sweepAll()
    expect((await draw(9)).tasks.map(({ idx }) => idx)).toEqual([1, 2])
    await plantParked(1, 3)
    await record.pool.query('update flotilla.parked set after_idx = 1')
    await sweepAll()
    expect((await draw(9)).tasks).toHaveLength(3)
  })

  it('give one of each role for the queue', async () => {
    await plantParked(1, 3)
    await plantParked(2, 3, 5, 'reviewer')
    expect((await knock(record.pool)).map(({ role }) => role).toSorted()).toEqual(['reviewer', 'writer'])
  })

  it.each(['paused', 'cancelled'])(
    'of a run that is %s crowd nobody, and keep no round from its end',
    async (status) => {
      const runId = await plantParked(1, 3)
      const rest = await plantParked(1, 1, 5, 'reviewer')
      await record.pool.query('update flotilla.runs set status = $2, live = $3 where id = $1', [
        runId,
        status,
        status === 'paused',
      ])
      expect(await readParkedRoles(record.pool)).toEqual(['reviewer'])
      expect((await knock(record.pool)).map((task) => task.runId)).toEqual([rest])
      expect(await knock(record.pool)).toEqual([])
      const { rows } = await record.pool.query<{ id: number }>(
        'select run_id as id from flotilla.parked where run_id = $1',
        [runId],
      )
      expect(rows.map(({ id }) => id)).toEqual(status === 'paused' ? [runId] : [])
    },
  )

  it('of a role whose limit is reached are not woken', async () => {
    await plantParked(1, 2)
    await record.pool.query(`insert into flotilla.pools (role, max_running, running) values ('writer', 1, 1)`)
    expect(await knock(record.pool)).toEqual([])
  })

  it('may be written so with their plan', async () => {
    const runId = await record.plant(ready(4))
    await record.pool.query(`update flotilla.tasks set due = 'infinity' where run_id = $1 and idx >= 2`, [runId])
    await lineUp(record.pool, [{ workspaceId: 1, runId, role: 'writer', first: 2 }])
    expect((await draw(9)).tasks.map(({ idx }) => idx)).toEqual([2, 3])
  })
})

describe('shares', () => {
  it.each([1, 7, 64])('are as the weights of the workspaces, drawn by %i', async (piece) => {
    await record.pool.query(
      `update flotilla.workspaces set weight = case id when 2 then 2 when 3 then 4 else 1 end where id <= 3`,
    )
    const runs = await Promise.all([1, 2, 3].map((workspaceId) => plantParked(workspaceId, 600)))
    const had = await counts(700, piece)
    runs.forEach((runId, n) => expect(Math.abs((had.get(runId) ?? 0) / 700 - 2 ** n / 7)).toBeLessThan(0.05 / 7))
  })

  it('of runs are as their priorities: twice as much for each step', async () => {
    const runs = await Promise.all([5, 6, 7].map((priority) => plantParked(1, 600, priority)))
    const had = await counts(700, 10)
    runs.forEach((runId, n) => expect(Math.abs((had.get(runId) ?? 0) / 700 - 2 ** n / 7)).toBeLessThan(0.05 / 7))
  })

  it('do not grow with the number of runs', async () => {
    const many = new Set(await Promise.all(Array.from({ length: 20 }, () => plantParked(1, 20))))
    await plantParked(2, 400)
    const had = await counts(200, 8)
    expect([...had].filter(([runId]) => many.has(runId)).reduce((sum, [, n]) => sum + n, 0)).toBe(100)
    expect([...had].filter(([runId]) => many.has(runId)).map(([, n]) => n)).toEqual(Array.from({ length: 20 }, () => 5))
  })

  it('give a newcomer the next places, and an old acquaintance nothing for having been away', async () => {
    await plantParked(1, 1_000)
    await counts(400, 20)
    const three = await plantParked(2, 3)
    expect((await draw(1)).tasks[0]?.runId).toBe(three)
    expect((await draw(6)).tasks.filter(({ runId }) => runId === three)).toHaveLength(2)
    await counts(300, 20)
    const back = await plantParked(2, 300)
    expect((await counts(100, 10)).get(back)).toBe(50)
  })

  it('count what started without a draw', async () => {
    const one = await plantParked(1, 200)
    await plantParked(2, 200)
    await counts(20, 10)
    await unpark(record.pool, { roles: null, n: 0, started: [{ workspaceId: 1, n: 30 }] })
    expect((await counts(30, 10)).get(one) ?? 0).toBe(0)
    expect((await counts(20, 10)).get(one)).toBe(10)
  })

  it('owe a newcomer nothing of what one that waited alone has had, drawn or not', async () => {
    await plantParked(1, 400)
    await counts(50, 10)
    await unpark(record.pool, { roles: null, n: 0, started: [{ workspaceId: 1, n: 200 }] })
    const late = await plantParked(2, 400)
    expect(Math.abs(((await counts(100, 10)).get(late) ?? 0) - 50)).toBeLessThanOrEqual(1)
  })

  it('hold when many draw at once, and no task is drawn twice', async () => {
    const runs = await Promise.all([1, 2].map((workspaceId) => plantParked(workspaceId, 400)))
    const drawn = (await Promise.all(Array.from({ length: 20 }, () => draw(20)))).flatMap(({ tasks }) => tasks)
    expect(new Set(drawn.map(({ runId, idx }) => `${runId}/${idx}`)).size).toBe(400)
    expect(drawn.filter(({ runId }) => runId === runs[0])).toHaveLength(200)
  })
})

it('looks tasks up by key, whatever the tables have grown to', async () => {
  const explained = await openExplained(record)
  const act = async (): Promise<void> => {
    const runId = await record.plant(ready(40))
    await park(
      explained.pool,
      Array.from({ length: 20 }, (_, idx) => ({ runId, idx })),
    )
    expect((await unpark(explained.pool, { roles: ['writer'], n: 5, started: [] })).tasks).toHaveLength(5)
    expect((await unpark(explained.pool, { roles: ['writer'], n: 30, started: [] })).tasks).toHaveLength(15)
  }
  expectLookups(await explained.plans(act), { runs: 8, tasks: 60 })
  await record.plant(ready(2_000))
  await record.open('owner', 1).query('analyze')
  expectLookups(await explained.plans(act), { runs: 8, tasks: 60 })
  // Known as empty.
  await record.pool.query('delete from flotilla.runs')
  await record.open('owner', 1).query('analyze')
  expectLookups(await explained.plans(act), { runs: 8, tasks: 60 })
  await record.plant(ready(2_000))
  expectLookups(await explained.plans(act), { runs: 8, tasks: 60 })
})
