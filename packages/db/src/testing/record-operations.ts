import type pg from 'pg'
import type { Db } from '../connect.ts'
import { recountPools } from '../tasks/recount-pools.ts'
import { step, type StepInput, type TaskRef } from '../tasks/step.ts'
import { expireLeasesOf } from '../tasks/take-over.ts'
import { heartbeat, sweep, type Claim } from '../tasks/transitions.ts'
import type { RecordModel } from './record-model.ts'
import { settle } from './record-fixture.ts'
import { modelStep, type ModelSettlement } from './step-model.ts'
import { modelExpireLeasesOf, modelHeartbeat, modelRecountPools, modelSweep } from './sweep-model.ts'

/** One engine's way to the record. */
export type Engine = Readonly<{ pool: pg.Pool; db: Db; worker: string }>

/**
 * A command of the record beside what the model says of it. `expect` moves the model and answers what the record has to
 * answer; where the record may choose, `got` says what it chose. `alone`: nothing else goes on at the same time.
 */
export type Operation = Readonly<{
  name: string
  run: (engine: Engine) => Promise<unknown>
  expect: (record: RecordModel, got: unknown, alone: boolean) => unknown
}>

export const MAX_RECOVERIES = 2
const LEASE_MS = 60_000
/** The model's clock stands still: the test says which times have come. */
export const NOW = 0

export const operation = <T>(
  name: string,
  run: (engine: Engine) => Promise<T>,
  expected: (record: RecordModel, got: T, alone: boolean) => T,
): Operation => ({ name, run, expect: (record, got, alone) => expected(record, got as T, alone) })

const keyOf = ({ runId, idx }: TaskRef): string => `${runId}/${idx}`
export const byKey = <T extends TaskRef>(tasks: readonly T[]): T[] =>
  tasks.toSorted((a, b) => a.runId - b.runId || a.idx - b.idx)
const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b)

export type DrawnStep = Pick<StepInput, 'claims' | 'cap' | 'served' | 'worker'> &
  Readonly<{ settlements: readonly ModelSettlement[] }>

export function stepOperation(drawn: DrawnStep): Operation {
  const { settlements, ...rest } = drawn
  const input = { ...rest, leaseMs: LEASE_MS }
  const sorted = (result: Awaited<ReturnType<typeof step>>) => ({
    settled: ascending(result.settled),
    claimed: byKey(result.claimed),
    wake: byKey(result.wake),
    wait: byKey(result.wait),
    closed: ascending(result.closed),
  })
  const real = settlements.map((each) =>
    settle(each, each.verb, { judged: each.judged, delayMs: each.delayMs, data: dataOf(each) }),
  )
  return operation(
    `step ${JSON.stringify(drawn)}`,
    async (engine) => sorted(await step(engine.pool, { ...input, settlements: real })),
    (record, got) => {
      const chosen = new Set(got.claimed.map(keyOf))
      return sorted(modelStep(record, { ...input, settlements, now: NOW, prefer: (ref) => chosen.has(keyOf(ref)) }))
    },
  )
}

const dataOf = ({ runId, idx, fence, verb }: ModelSettlement) =>
  verb === 'await'
    ? { approval: { uid: `ap_${runId}_${idx}_${fence}`, kind: 'effect_unknown', subject: {}, expiresMs: 3_600_000 } }
    : {}

/** A page of one run, whichever of those after `after` nobody holds. */
export const sweepOperation = (after: number, ready: boolean): Operation =>
  operation(
    `sweep after ${after}${ready ? ', ready tasks too' : ''}`,
    async ({ pool }) =>
      sorted(await sweep(pool, { after, limit: 1, ready, deep: true, maxRecoveries: MAX_RECOVERIES })),
    (record, { last }) => {
      if (last === null) return { last, wake: [], recovered: [], poisoned: [], plan: [], finish: [] }
      const input = { after: last - 1, limit: 1, ready, deep: true, maxRecoveries: MAX_RECOVERIES }
      return sorted(modelSweep(record, input, NOW))
    },
  )

const sorted = (result: Awaited<ReturnType<typeof sweep>>) => ({
  ...result,
  wake: byKey(result.wake),
  recovered: byKey(result.recovered),
  poisoned: byKey(result.poisoned),
})

export const heartbeatOperation = (claims: readonly Claim[]): Operation =>
  operation(
    `heartbeat ${JSON.stringify(claims)}`,
    async ({ pool }) => byKey(await heartbeat(pool, claims, LEASE_MS)),
    // A claim whose row another holds at that moment is passed by: the next heartbeat tells that it is lost.
    (record, got, alone) => {
      const lost = byKey(modelHeartbeat(record, claims, LEASE_MS, NOW))
      return alone ? lost : lost.filter((claim) => got.some((told) => keyOf(told) === keyOf(claim)))
    },
  )

/** `held`: what the worker has claimed before. */
export const takeOverOperation = (worker: string, held: readonly Claim[]): Operation =>
  operation(
    `take over from ${worker}`,
    async ({ db }) => {
      const { tasks, runs } = await expireLeasesOf(db, worker)
      return { tasks: byKey(tasks), runs }
    },
    // What a step is claiming at that moment may not be seen.
    (record, got, alone) => {
      const told = new Set(got.tasks.map(keyOf))
      const before = new Set(held.map((claim) => `${keyOf(claim)}/${claim.fence}`))
      const seen = (claim: Claim): boolean =>
        alone || told.has(keyOf(claim)) || before.has(`${keyOf(claim)}/${claim.fence}`)
      return { tasks: byKey(modelExpireLeasesOf(record, worker, NOW - 1, seen)), runs: [] }
    },
  )

export const recountOperation = (): Operation =>
  operation(
    'recount the limits',
    ({ db }) => recountPools(db),
    (record) => modelRecountPools(record),
  )
