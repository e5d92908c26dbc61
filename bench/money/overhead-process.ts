import { setTimeout as wait } from 'node:timers/promises'
import { createPool, settleCalls, type Admission } from '@flotilla/db'
import { createAdmissions, createRecordGate } from '@flotilla/engine'
import type { Lane } from '@flotilla/llm'

/** The claims that this process makes calls for, each one call after the other, about `callMs` long, until it is told to stop. */
export type OverheadOrder = Readonly<{
  databaseUrl: string
  callMs: number
  runs: readonly Readonly<{ runId: number; idx: number }>[]
}>
/** Milliseconds of each call: at the gate (ask, then settle), and for the reservation with the payment of the call before. */
export type OverheadMessage = Readonly<
  { kind: 'ready' } | { kind: 'failed'; message: string } | { kind: 'done'; gateMs: number[]; reserveMs: number[] }
>

const LANE: Lane = { provider: 'anthropic', model: 'bench', key: 'k' }
const CHARGE = { requests: 1, tokens: 5000, inputTokens: 900, outputTokens: 4100 } as const
const TOOK = { requests: 1, tokens: 1100, inputTokens: 900, outputTokens: 200 } as const
const MOST = { tokens: 5000, costUsd: 0.0428, toolCalls: 0, seconds: 600 } as const
const USED = { tokens: 1100, costUsd: 0.0038, toolCalls: 0, seconds: 1 } as const
/** As many as the pool of a worker with its default settings keeps for its work. */
const CONNECTIONS = 10
const WORKSPACE = '1'

const order = JSON.parse(process.argv[2] ?? '') as OverheadOrder
const pool = createPool({
  url: order.databaseUrl,
  role: 'engine',
  max: CONNECTIONS,
  applicationName: 'bench',
  onError: fail,
})
const gate = createRecordGate({ pool })
const admit = createAdmissions(pool)
const gateMs: number[] = []
const reserveMs: number[] = []
const stop = new AbortController()

function fail(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}

function tell(message: OverheadMessage): void {
  process.send?.(message)
}

/** What a worker does around each call of a claim; the payment goes with the next reservation, the last one alone. */
async function callOn({ runId, idx }: OverheadOrder['runs'][number]): Promise<void> {
  let unpaid: { runId: number; key: string; used: typeof USED }[] = []
  for (let n = 0; !stop.signal.aborted; n += 1) {
    const key = `${idx}/1/${n}`
    const asked = performance.now()
    const passed = await gate.decide(LANE, { kind: 'ask', workspace: WORKSPACE, charge: CHARGE })
    const reserved = performance.now()
    if (passed.is !== 'admitted') throw new Error('the gate has no limit, and let a call wait')
    const ask = {
      runId,
      idx,
      fence: 1,
      key,
      kind: 'model',
      name: 'anthropic:bench',
      purpose: 'task',
      most: MOST,
    } as const
    expectAdmitted(await admit(unpaid, ask))
    const done = performance.now()
    // Of different lengths, as answers are: equal ones would come in step.
    if (order.callMs > 0) await wait(order.callMs * (0.5 + Math.random()))
    const answered = performance.now()
    await gate.decide(LANE, { kind: 'settle', admission: passed, actual: TOOK, succeeded: true })
    reserveMs.push(done - reserved)
    gateMs.push(reserved - asked + (performance.now() - answered))
    unpaid = [{ runId, key, used: USED }]
  }
  await settleCalls(pool, unpaid)
}

function expectAdmitted({ status }: Admission): void {
  if (status !== 'admitted') throw new Error(`the record answers "${status}" to a call that it has room for`)
}

process.on('SIGTERM', () => stop.abort())
process.on('disconnect', () => process.exit(0))
try {
  await pool.query('select 1')
  tell({ kind: 'ready' })
  await Promise.all(order.runs.map(callOn))
  tell({ kind: 'done', gateMs, reserveMs })
  await pool.end()
  process.disconnect()
} catch (error) {
  fail(error)
}
