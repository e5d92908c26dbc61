import { createPool, migrate } from '@flotilla/db'
import { describeGateConformance, type GateSubject } from '@flotilla/llm/gate-conformance'
import { laneId } from '@flotilla/llm'
import { createTestDatabase } from '@flotilla/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type pg from 'pg'
import { createRecordGate } from './record-gate.ts'

let database: Awaited<ReturnType<typeof createTestDatabase>>
let pool: pg.Pool
beforeAll(async () => {
  database = await createTestDatabase({ template: { name: 'gate', migrate: async (url) => void (await migrate(url)) } })
  pool = openPool('engine')
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const openPool = (role: 'engine' | 'app'): pg.Pool =>
  createPool({ url: database.url, role, max: 4, applicationName: 'test', onError: () => {} })

const subject: GateSubject = {
  name: 'the record',
  open: async ({ now, configOf }) => {
    await pool.query(`update flotilla.model_lanes set state = '{}'`)
    return { gate: createRecordGate({ pool, configOf, now }) }
  },
  // It has none.
  loseMemory: () => Promise.resolve(),
}
describeGateConformance({ describe, it, expect }, subject)

const lane = { provider: 'anthropic', model: 'claude', key: 'k9' }
const ask = (workspace: string) => ({ kind: 'ask', workspace, charge: { requests: 1 } }) as const

describe('processes side by side', () => {
  it('pass no more than the limit together, on the clock of the record', async () => {
    const pools = [openPool('engine'), openPool('engine'), openPool('app')]
    const gates = pools.map((each) => createRecordGate({ pool: each, configOf: () => ({ limits: { requests: 60 } }) }))
    const asked = await Promise.all(
      Array.from({ length: 90 }, (_, n) => (gates[n % 3] as (typeof gates)[0]).decide(lane, ask(`w${n % 5}`))),
    )
    const admitted = asked.filter((each) => each.is === 'admitted').length
    // The burst is six seconds' worth, and the test takes less than a few more.
    expect(admitted).toBeGreaterThanOrEqual(6)
    expect(admitted).toBeLessThan(20)
    await Promise.all(pools.map((each) => each.end()))
  })

  it('know at once of a lane that they have closed themselves, and with their next word of one that others have', async () => {
    const [one, other] = [createRecordGate({ pool }), createRecordGate({ pool })]
    const closed = { ...lane, key: 'known' }
    const closing = one.decide(closed, { kind: 'pause', why: 'refused', forMs: 60_000, jitter: 0 })
    expect(one.closedUntil(closed)).toBeGreaterThan(Date.now())
    await closing
    expect(other.closedUntil(closed)).toBeNull()
    await other.refresh(closed)
    expect(other.closedUntil(closed)).toBeGreaterThan(Date.now())
    const third = createRecordGate({ pool })
    await third.decide(closed, ask('w'))
    expect(third.closedUntil(closed)).toBeGreaterThan(Date.now())
    expect(other.closedUntil({ ...closed, key: 'another' })).toBeNull()
  })

  it.each([-300_000, 300_000])('wait as long as the record says with a clock that is %d ms off', async (offMs) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offMs })
    onTestFinished(() => void vi.useRealTimers())
    const gate = createRecordGate({ pool })
    const closed = { ...lane, key: `skewed ${offMs}` }
    await gate.decide(closed, { kind: 'pause', why: 'refused', forMs: 60_000, jitter: 0 })
    const asked = await gate.decide(closed, ask('w'))
    const forMs = asked.is === 'wait' ? asked.until - Date.now() : null
    expect(forMs).toBeGreaterThan(30_000)
    expect(forMs).toBeLessThanOrEqual(60_001)
  })

  it('hear that the record has opened a lane again before its time', async () => {
    const [one, other] = [createRecordGate({ pool }), createRecordGate({ pool })]
    const refused = { ...lane, key: 'refused' }
    await one.decide(refused, { kind: 'pause', why: 'no such key', forMs: 300_000, refusedKey: true, jitter: 0 })
    await other.refresh(refused)
    expect(other.closedUntil(refused)).toBeGreaterThan(Date.now())
    const reopen = `update flotilla.model_lanes set state = state || '{"closedUntil": 1}' where id = $1 and (state ->> 'refusedKey')::boolean`
    expect((await pool.query(reopen, [laneId(refused)])).rowCount).toBe(1)
    expect(await one.decide(refused, ask('w'))).toMatchObject({ is: 'admitted' })
    expect(one.closedUntil(refused)).toBeNull()
    // It does not ask the record again as long as its word is young.
    await expect
      .poll(
        async () => {
          await other.refresh(refused)
          return other.closedUntil(refused)
        },
        { timeout: 30_000 },
      )
      .toBeNull()
  })

  it('ask the record once for many calls that are about to go out', async () => {
    const [one, other] = [createRecordGate({ pool }), createRecordGate({ pool })]
    const crowded = { ...lane, key: 'crowded' }
    await one.decide(crowded, ask('w'))
    const asked = vi.spyOn(pool, 'query')
    onTestFinished(() => asked.mockRestore())
    await Promise.all(Array.from({ length: 500 }, () => other.refresh(crowded)))
    // Again where those before have taken longer than word of the lane is fresh.
    expect(asked.mock.calls.length).toBeLessThan(25)
  })

  it('tell all calls that are about to go out when the record is away, and ask it again for the next', async () => {
    let away = true
    const query = (read: pg.QueryConfig) => (away ? Promise.reject(new Error('away')) : pool.query(read))
    const gate = createRecordGate({ pool: Object.create(pool, { query: { value: query } }) as pg.Pool })
    const cut = { ...lane, key: 'cut' }
    await createRecordGate({ pool }).decide(cut, { kind: 'pause', why: 'refused', forMs: 60_000, jitter: 0 })
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => gate.refresh(cut)))
    expect(asked.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'))
    away = false
    await gate.refresh(cut)
    expect(gate.closedUntil(cut)).toBeGreaterThan(Date.now())
  })

  it('hear of a lane that one of them has closed', async () => {
    const [one, other] = [createRecordGate({ pool }), createRecordGate({ pool })]
    const closed = { ...lane, key: 'closed' }
    await one.decide(closed, { kind: 'pause', why: 'refused', forMs: 60_000, jitter: 0 })
    expect(await other.decide(closed, ask('w'))).toMatchObject({ is: 'wait' })
    // A shorter pause does not open it.
    await other.decide(closed, { kind: 'pause', why: 'refused', forMs: 10, jitter: 0 })
    const waits = await one.decide(closed, ask('w'))
    expect(waits.is === 'wait' && waits.until - Date.now()).toBeGreaterThan(50_000)
  })
})
