import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, settle, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { readRun } from '../testing/record-reads.ts'

/** Plans of the largest size, within the time that a statement has. */

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const SIZE = 10_000
const chain = (size: number): Seedling[] => Array.from({ length: size }, (_, i) => (i === 0 ? {} : { deps: [i - 1] }))

describe(`a plan of ${SIZE} tasks`, () => {
  it('that is a chain closes, one step a task', async () => {
    const done = 8_500 // the rest is as deep as the whole, and takes a second
    const tasks = chain(SIZE).map((task, idx): Seedling => (idx < done ? { ...task, status: 'completed' } : task))
    const runId = await record.plant(tasks.with(done, { status: 'ready', deps: [done - 1] }))
    let [task] = (await record.step({ claims: [{ runId, idx: done }] })).claimed
    let closed: readonly number[] = []
    const order: number[] = []
    while (task !== undefined) {
      order.push(task.idx)
      const result = await record.step({ settlements: [settle(task, 'complete')], cap: 1 })
      ;[task] = result.claimed
      closed = result.closed
    }
    expect(order).toEqual(Array.from({ length: SIZE - done }, (_, i) => done + i))
    expect(closed).toEqual([runId])
    expect(await readRun(record.pool, runId)).toMatchObject({ status: 'verifying', todo: 0, completed: SIZE })
  })

  it('that is a chain is skipped by one failure, in one step', async () => {
    const runId = await record.plant(chain(SIZE))
    await record.step({ claims: [{ runId, idx: 0 }] })
    expect((await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'fail')] })).closed).toEqual([runId])
    expect(await readRun(record.pool, runId)).toMatchObject({ todo: 0, failed: 1, skipped: SIZE - 1 })
  })

  it('that all wait for one is released in one step, and closes with the join that waits for them', async () => {
    const width = SIZE - 2
    const parts = Array.from({ length: width }, (_, i) => i + 1)
    const runId = await record.plant([{}, ...parts.map(() => ({ deps: [0] })), { deps: parts }])
    await record.step({ claims: [{ runId, idx: 0 }] })
    const released = await record.step({ settlements: [settle({ runId, idx: 0, fence: 1 }, 'complete')], cap: 64 })
    expect([released.claimed.length, released.wake.length]).toEqual([64, width - 64])
    const taken = new Set(released.claimed.map((task) => task.idx))
    for (let from = 0; from < width; from += 1_000) {
      const page = parts.slice(from, from + 1_000)
      const claims = page.filter((idx) => !taken.has(idx)).map((idx) => ({ runId, idx }))
      await record.step({ claims })
      await record.step({ settlements: page.map((idx) => settle({ runId, idx, fence: 1 }, 'complete')) })
    }
    expect(await readRun(record.pool, runId)).toMatchObject({ todo: 1, completed: SIZE - 1 })
    const [join] = (await record.step({ claims: [{ runId, idx: SIZE - 1 }] })).claimed
    expect(join).toMatchObject({ idx: SIZE - 1 })
    expect(
      (await record.step({ settlements: [settle({ runId, idx: SIZE - 1, fence: 1 }, 'complete')] })).closed,
    ).toEqual([runId])
  })
})
