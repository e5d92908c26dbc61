import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openRecord, type Soil, type TestRecord } from '../testing/record-fixture.ts'
import { claimRun } from './claims.ts'
import { nextToPlan } from './next-to-plan.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
  await record.pool.query(`insert into flotilla.workspaces (id, uid, name, weight) values (2, 'wsp_2', 'two', 2)`)
})
afterAll(() => record.close())
beforeEach(() => record.pool.query('delete from flotilla.runs'))

const plant = (soil: Partial<Soil> = {}): Promise<number> =>
  record.plant([], { status: 'created', expanded: false, ...soil })
const planning = (workspaceId: number): Promise<number> => plant({ workspaceId, status: 'planning', holder: 'w1' })

it('is of the workspace with the fewest in planning, whoever asked first', async () => {
  const asked = await plant()
  await plant()
  const other = await plant({ workspaceId: 2 })
  expect(await nextToPlan(record.db, asked)).toBe(asked)
  await planning(1)
  expect(await nextToPlan(record.db, asked)).toBe(other)
  expect(await nextToPlan(record.db, other)).toBe(other)
})

it('is as the weights have it', async () => {
  const [one, two] = [await plant(), await plant({ workspaceId: 2 })]
  await Promise.all([planning(1), planning(2)])
  expect(await nextToPlan(record.db, one)).toBe(two)
  await planning(2)
  await planning(2)
  expect(await nextToPlan(record.db, two)).toBe(one)
})

it('goes by priority within a workspace, then by age', async () => {
  const asked = await plant()
  const first = await plant({ priority: 9 })
  await plant({ priority: 9 })
  expect(await nextToPlan(record.db, asked)).toBe(first)
})

it('is the one asked for where that is not new, or waits no more', async () => {
  await plant()
  for (const soil of [{ status: 'planning' }, { status: 'executing' }, { status: 'completed', live: false }] as const) {
    const asked = await plant(soil)
    expect(await nextToPlan(record.db, asked)).toBe(asked)
  }
})

it('lets 1,000 runs of one workspace keep no run of another from being planned', async () => {
  const many = await Promise.all(Array.from({ length: 1_000 }, () => plant()))
  const own = await plant({ workspaceId: 2 })
  const planned: number[] = []
  for (const asked of many.slice(0, 3)) {
    const runId = await nextToPlan(record.db, asked)
    planned.push(runId)
    await claimRun(record.db, { runId, phase: 'plan', worker: 'w1', leaseMs: 60_000 })
  }
  expect(planned.slice(0, 2)).toContain(own)
})
