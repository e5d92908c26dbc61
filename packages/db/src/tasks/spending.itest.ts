import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { transact } from '../connect.ts'
import { recordCancel } from '../runs/cancel.ts'
import { lockRun } from '../runs/transitions.ts'
import { openRecord, type Seedling, type TestRecord } from '../testing/record-fixture.ts'
import { readSpending } from './brief.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

const spending = (runId: number, fence: number) => readSpending(record.db, { runId, idx: 0, fence })
const held: Seedling = { status: 'in_progress', fence: 3, attempt: 1 }

async function cancel(runId: number): Promise<void> {
  const { rows } = await record.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
  await transact(record.db, async (tx) => {
    const run = await lockRun(tx, rows[0]?.uid ?? '')
    if (run !== null) await recordCancel(tx, run)
  })
}

describe('the check before a model call', () => {
  it('finds the spending of a claim that is held, and nothing of one that was lost to another', async () => {
    const runId = await record.plant([held])
    expect(await spending(runId, 3)).toMatchObject({ paused: false })
    expect(await spending(runId, 2)).toBeNull()
  })

  it.each(['in_progress', 'verifying'] as const)(
    'finds nothing of a claim %s that a cancel has ended',
    async (status) => {
      const runId = await record.plant([{ ...held, status }, { status: 'ready' }])
      await cancel(runId)
      expect(await spending(runId, 3)).toBeNull()
      // Not even under the fence that the cancel has moved to.
      expect(await spending(runId, 4)).toBeNull()
    },
  )

  it('finds nothing of a task that has ended', async () => {
    const runId = await record.plant([{ ...held, status: 'completed' }])
    expect(await spending(runId, 3)).toBeNull()
  })
})
