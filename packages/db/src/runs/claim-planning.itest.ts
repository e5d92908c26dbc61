import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { createDb } from '../connect.ts'
import { openExplained, visited } from '../testing/explained.ts'
import { describeRun, openRecord, type Soil, type TestRecord } from '../testing/record-fixture.ts'
import { claimPlanning } from './claims.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
  await record.pool.query(`insert into flotilla.workspaces (id, uid, name, weight) values (2, 'wsp_2', 'two', 2)`)
})
afterAll(() => record.close())
beforeEach(() => record.pool.query('delete from flotilla.runs'))

const plantIn = async (soils: TestRecord, soil: Partial<Soil> = {}): Promise<number> => {
  const runId = await soils.plant([], { status: 'created', expanded: false, ...soil })
  await describeRun(soils, runId, { workspaceId: soil.workspaceId ?? 1, goal: `goal ${runId}` })
  return runId
}
const plant = (soil: Partial<Soil> = {}): Promise<number> => plantIn(record, soil)
const planning = (workspaceId: number): Promise<number> =>
  plant({ workspaceId, status: 'planning', holder: 'w1', dueMs: 60_000 })
const claimAll = async (asked: readonly number[]): Promise<(number | undefined)[]> => {
  const claims = await claimPlanning(record.db, { asked, worker: 'w1', leaseMs: 60_000 })
  expect(claims.map((each) => each?.record.goal)).toEqual(
    claims.map((each) => (each ? `goal ${each.claim.runId}` : undefined)),
  )
  return claims.map((each) => each?.claim.runId)
}
const claim = async (asked: number): Promise<number | undefined> => (await claimAll([asked]))[0]

it('is of the workspace with the fewest in planning, whoever asked first', async () => {
  const first = await plant()
  const second = await plant()
  const other = await plant({ workspaceId: 2 })
  expect(await claim(first)).toBe(first)
  expect(await claim(second)).toBe(other)
  expect(await claim(other)).toBe(second)
})

it('is as the weights have it', async () => {
  const [one, two] = [await plant(), await plant({ workspaceId: 2 })]
  await Promise.all([planning(1), planning(2)])
  expect(await claim(one)).toBe(two)
  await planning(2)
  const three = await plant({ workspaceId: 2 })
  expect(await claim(three)).toBe(one)
})

it('goes by priority within a workspace, then by age', async () => {
  const asked = await plant()
  const first = await plant({ priority: 9 })
  await plant({ priority: 9 })
  expect(await claim(asked)).toBe(first)
})

it('is the one asked for where that is not new, and another where it waits no more', async () => {
  const waits = await plant()
  for (const status of ['planning', 'executing'] as const) {
    const asked = await plant({ status })
    expect(await claim(asked)).toBe(asked)
  }
  const ended = await plant({ status: 'completed', live: false })
  expect([await claim(ended), await claim(ended)]).toEqual([waits, undefined])
})

it('is for many asked for together what it is for one after the other', async () => {
  const plantSame = async (): Promise<number[]> => {
    await record.pool.query('delete from flotilla.runs')
    await Promise.all([planning(1), planning(2), planning(2)])
    const lost = await plant({ status: 'planning', holder: 'gone', dueMs: -1 })
    const waiting: number[] = []
    for (const [workspaceId, priority] of [
      [1, 5],
      [1, 9],
      [1, 5],
      [2, 1],
      [2, 5],
      [2, 5],
      [2, 5],
      [1, 5],
    ] as const)
      waiting.push(await plant({ workspaceId, priority }))
    return [lost, ...waiting]
  }
  for (const places of [
    [3, 0, 1, 2],
    [1, 1, 0, 8, 7, 6],
    [0, 0, 0],
    [4, 3, 2, 1, 8, 7, 6, 5, 0, 2],
  ]) {
    const first = await plantSame()
    const ofOne: (number | undefined)[] = []
    // What is not new is taken up first.
    for (const place of places.toSorted((a, b) => a - b)) ofOne.push(await claim(first[place] ?? 0))
    const second = await plantSame()
    const together = await claimAll(places.map((place) => second[place] ?? 0))
    const placesOf = (runs: readonly number[], claimed: readonly (number | undefined)[]): number[] =>
      claimed.flatMap((run) => (run === undefined ? [] : [runs.indexOf(run)])).toSorted((a, b) => a - b)
    expect(placesOf(second, together)).toEqual(placesOf(first, ofOne))
  }
})

it('is another for each who asks at once', async () => {
  const runs = await Promise.all(Array.from({ length: 3 }, () => plant()))
  expect(new Set(await Promise.all(runs.map(claim)))).toEqual(new Set(runs))
})

it('lets 1,000 runs of one workspace keep no run of another from being planned', async () => {
  const many = await Promise.all(Array.from({ length: 1_000 }, () => plant()))
  const own = await plant({ workspaceId: 2 })
  expect([await claim(many[0] as number), await claim(many[1] as number)]).toContain(own)
})

it('looks at the next run of each workspace, however many wait, with the plan of an empty table, too', async () => {
  const explained = await openExplained(record)
  const claimed: (number | undefined)[] = []
  const claimFirst = async (asked: number): Promise<void> => {
    const claims = await claimPlanning(createDb(explained.pool), { asked: [asked], worker: 'w1', leaseMs: 60_000 })
    claimed.push(claims[0]?.claim.runId)
  }
  await claimFirst(0)
  for (let n = 0; n < 300; n++) await plant()
  const urgent = await plant({ priority: 9 })
  for (const told of [
    await explained.plans(() => claimFirst(urgent)),
    await explained.plans(() => claimFirst(urgent)),
  ]) {
    const ofRuns = told.filter((node) => node['Relation Name'] === 'runs')
    expect(ofRuns.length).toBeGreaterThan(3)
    expect(Math.max(...ofRuns.map(visited))).toBeLessThan(5)
  }
  expect(claimed.slice(0, 2)).toEqual([undefined, urgent])
})

it('looks at no more in sessions that began while there were few runs', async () => {
  const young = await openRecord()
  onTestFinished(() => young.close())
  const ended = (n: number): Promise<unknown> =>
    young.pool.query(
      `insert into flotilla.runs (workspace_id, uid, status, live, learned, auto_start, expanded, priority)
       select 1, 'run_' || gen_random_uuid(), 'completed', false, true, true, true, 5 from generate_series(1, $1)`,
      [n],
    )
  const sessions: Awaited<ReturnType<typeof openExplained>>[] = []
  const claimFirst = async ({ pool }: (typeof sessions)[number]): Promise<void> =>
    void (await claimPlanning(createDb(pool), { asked: [await plantIn(young)], worker: 'w1', leaseMs: 60_000 }))
  /** What it writes checks a foreign key. */
  const refer = async (session: (typeof sessions)[number]): Promise<void> =>
    void (await describeRun(session, await young.plant([], { status: 'completed', live: false })))
  for (let runs = 0; runs <= 500; runs += 50) {
    const session = await openExplained(young)
    await claimFirst(session)
    await refer(session)
    sessions.push(session)
    await ended(50)
  }
  await ended(3_000)
  for (const session of sessions) {
    const claiming = (await session.plans(() => claimFirst(session))).filter((node) => node['Relation Name'] === 'runs')
    expect(Math.max(...claiming.map(visited))).toBeLessThan(30)
    const describing = await session.plans(() => refer(session))
    const indexes = describing.filter((node) => node['Relation Name'] === 'runs').map((node) => node['Index Name'])
    expect(['runs_pkey', 'runs_workspace_id_id_key']).toEqual(expect.arrayContaining(indexes))
    expect(indexes).toHaveLength(1)
  }
})
