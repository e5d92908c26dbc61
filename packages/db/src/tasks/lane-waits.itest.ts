import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openRecord, type TestRecord } from '../testing/record-fixture.ts'
import { dropOutlivedWaits } from './lane-waits.ts'

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
beforeEach(() => record.pool.query('delete from flotilla.runs'))
afterAll(() => record.close())

/** Tasks of a run of its own that rest for five minutes, each told so some milliseconds before `now`. */
async function rest(waits: readonly { lane: string; saidMs: number; circuit?: true }[], now: number): Promise<number> {
  const runId = await record.plant(waits.map(() => ({ notBeforeMs: 300_000 })))
  for (const [idx, { lane, saidMs, circuit }] of waits.entries()) {
    const wait = { at: now - saidMs, until: now + 300_000, laneId: lane, times: 1, ...(circuit && { circuit }) }
    await record.pool.query('update flotilla.tasks set wait = $3 where run_id = $1 and idx = $2', [
      runId,
      idx,
      JSON.stringify(wait),
    ])
  }
  return runId
}
const lane = (id: string, state: object) =>
  record.pool.query('insert into flotilla.model_lanes (id, state) values ($1, $2)', [id, JSON.stringify(state)])
const drop = async (limit = 100) => (await dropOutlivedWaits(record.db, limit)).map(({ runId, idx }) => [runId, idx])

it('has tasks of all runs look again whose lane was opened after they were told to rest, in pieces', async () => {
  const now = Date.now()
  await lane('opened', { closedUntil: now - 60_000, openedAt: now - 60_000 })
  await lane('closed', { closedUntil: now + 300_000 })
  const waits = [
    { lane: 'opened', saidMs: 200_000 },
    { lane: 'opened', saidMs: 10_000 },
    { lane: 'closed', saidMs: 200_000 },
  ]
  const runs = [await rest(waits, now), await rest(waits, now)]
  expect(await drop(1)).toHaveLength(1)
  expect(await drop(1)).toHaveLength(1)
  expect(await drop()).toEqual([])
  const claims = runs.flatMap((runId) => [0, 1, 2].map((idx) => ({ runId, idx })))
  const { claimed } = await record.step({ claims })
  expect(new Set(claimed.map(({ runId, idx }) => `${runId}/${idx}`))).toEqual(
    new Set(runs.map((runId) => `${runId}/0`)),
  )
})

it('has tasks behind an open circuit look again when their lane has answered since, now and then', async () => {
  const now = Date.now()
  await lane('answers', { closedUntil: 0, answeredAt: now - 1_000 })
  await lane('silent', { closedUntil: 0, answeredAt: now - 100_000 })
  const runId = await rest(
    [
      { lane: 'answers', saidMs: 60_000, circuit: true },
      { lane: 'answers', saidMs: 5_000, circuit: true },
      // It waits for the rate of its lane: it has its own time.
      { lane: 'answers', saidMs: 60_000 },
      { lane: 'silent', saidMs: 60_000, circuit: true },
    ],
    now,
  )
  expect(await drop()).toEqual([[runId, 0]])
})
