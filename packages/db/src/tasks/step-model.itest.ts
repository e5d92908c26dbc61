import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRecord, settle, stepInput, type TestRecord } from '../testing/record-fixture.ts'
import { arbitraryGraph } from '../testing/arbitrary-graph.ts'
import { modelStep, modelSweep, newModel, type Model, type ModelSettlement } from '../testing/step-model.ts'
import { step, type Verb } from './step.ts'
import { sweep } from './transitions.ts'

/** Every step and sweep, whatever came before it, does what plain code says it does. */

let record: TestRecord
beforeAll(async () => {
  record = await openRecord()
})
afterAll(() => record.close())

type Real = Readonly<{ runId: number; pools: readonly TestRecord['pool'][] }>
type Command = fc.AsyncCommand<Model, Real>

const MAX_RECOVERIES = 2
const VERBS: readonly Verb[] = ['complete', 'fail', 'retry', 'verify', 'revise', 'release']

type State = Omit<Model, 'deps' | 'log'> &
  Readonly<{ seq: number; log: { seq: number; type: string; idx: number | null }[] }>

/** The record says of the run what the model says. One query, since it follows every command. */
async function compare(model: Model, { runId, pools }: Real): Promise<void> {
  const { rows } = await (pools[0] as TestRecord['pool']).query<State>(
    `select status, todo, completed, failed, skipped, seq,
       (select json_agg(json_build_object('status', status, 'fence', fence, 'attempt', attempt, 'kind', kind, 'tries', tries,
         'recoveries', recoveries, 'revisions', revisions, 'continuations', continuations) order by idx) from flotilla.tasks where run_id = r.id) as tasks,
       coalesce((select json_agg(json_build_object('seq', seq, 'type', type, 'idx', idx) order by seq) from flotilla.events where run_id = r.id), '[]') as log
     from flotilla.runs r where id = $1`,
    [runId],
  )
  const { log, seq, ...state } = rows[0] as State
  const { deps: _deps, log: expectedLog, ...expected } = model
  expect(state).toEqual(expected)
  expect(log.map((event) => event.seq)).toEqual(Array.from({ length: seq }, (_, i) => i + 1))
  const told = log.filter((event) => event.type !== 'run.progress').map((event) => `${event.type} ${event.idx}`)
  expect(told.toSorted()).toEqual(expectedLog.toSorted())
}

/** `by`: which of two engines does it. Fences are drawn as offsets from the right one. */
type Step = Readonly<{
  by: number
  settlements: readonly Readonly<{ idx: number; offset: number; judged: boolean; verb: Verb }>[]
  claims: readonly number[]
  cap: number
}>

const stepCommand = (drawn: Step): Command => ({
  check: () => true,
  toString: () => `step ${JSON.stringify(drawn)}`,
  run: async (model, real) => {
    const size = model.tasks.length
    const claims = drawn.claims.map((idx) => idx % size)
    const settlements = drawn.settlements.map(({ idx, offset, judged, verb }): ModelSettlement => {
      const task = model.tasks[idx % size]
      return { idx: idx % size, fence: (task?.fence ?? 0) + offset, judged, verb }
    })
    const result = await step(
      real.pools[drawn.by] as TestRecord['pool'],
      stepInput({
        settlements: settlements.map((s) => settle({ runId: real.runId, ...s }, s.verb, { judged: s.judged })),
        claims: claims.map((idx) => ({ runId: real.runId, idx })),
        cap: drawn.cap,
        worker: `w${drawn.by}`,
      }),
    )
    const live = model.status === 'executing'
    const got = result.claimed.map((task) => task.idx)
    const expected = modelStep(model, { settlements, claims }, got)
    const ascending = (a: number, b: number): number => a - b
    expect(result.settled.toSorted(ascending)).toEqual(expected.settled)
    expect(got.toSorted(ascending)).toEqual(expected.claimed.toSorted(ascending))
    const extra = got.filter((idx) => expected.open.includes(idx) && !expected.woken.includes(idx)).length
    const free = expected.open.filter((idx) => !expected.woken.includes(idx)).length
    if (live) expect(extra).toBe(Math.min(drawn.cap, free))
    // What was made ready and not claimed is woken.
    const woken = new Set(result.wake.map((task) => task.idx))
    for (const idx of expected.ready) expect(got.includes(idx) || woken.has(idx)).toBe(true)
    expect(result.closed).toEqual(expected.closed ? [real.runId] : [])
    await compare(model, real)
  },
})

const sweepCommand = (drawn: readonly number[]): Command => ({
  check: () => true,
  toString: () => `sweep ${JSON.stringify(drawn)}`,
  run: async (model, real) => {
    const lapsed = drawn.map((idx) => idx % model.tasks.length)
    const pool = real.pools[0] as TestRecord['pool']
    await pool.query(
      `update flotilla.tasks set due = clock_timestamp() - interval '1 s' where run_id = $1 and idx = any ($2) and status in ('in_progress', 'verifying')`,
      [real.runId, lapsed],
    )
    const input = { after: real.runId - 1, limit: 1, ready: false, deep: true, maxRecoveries: MAX_RECOVERIES }
    const { recovered, wake, poisoned } = await sweep(pool, input)
    const expected = modelSweep(model, new Set(lapsed), MAX_RECOVERIES)
    expect(recovered.map((task) => task.idx).toSorted((a, b) => a - b)).toEqual(expected.recovered)
    expect(new Set(poisoned.map((task) => task.idx))).toEqual(new Set(expected.poisoned))
    // No step leaves anything behind that a deep sweep would have to find.
    expect(wake).toEqual([])
    for (const { idx } of poisoned) await revive(pool, real.runId, idx)
    await compare(model, real)
  },
})

const revive = (pool: TestRecord['pool'], runId: number, idx: number) =>
  pool.query(`update flotilla.tasks set due = clock_timestamp() + interval '60 s' where run_id = $1 and idx = $2`, [
    runId,
    idx,
  ])

const index = fc.nat({ max: 7 })
const settlement = fc.record({
  idx: index,
  offset: fc.constantFrom(0, 0, 0, 0, -1, 1),
  judged: fc.constantFrom(false, false, true),
  verb: fc.constantFrom<Verb>('complete', 'complete', ...VERBS),
})
const commands = fc.commands<Model, Real, false>(
  [
    fc
      .record({
        by: fc.nat({ max: 1 }),
        settlements: fc.uniqueArray(settlement, { maxLength: 4, selector: (s) => s.idx }),
        claims: fc.array(index, { maxLength: 5 }),
        cap: fc.nat({ max: 3 }),
      })
      .map(stepCommand),
    fc.array(index, { minLength: 1, maxLength: 4 }).map(sweepCommand),
  ],
  { maxCommands: 30, size: 'max' },
)

/** Seeds that have found something: a revision and a claim of one task in one batch. */
const SEEDS = [1_837_853_066]

it.each([...SEEDS, Math.floor(Math.random() * 2 ** 31)])('as the model says, seed %i', async (seed) => {
  const pools = [record.pool, record.open('engine', 2)]
  await fc.assert(
    fc.asyncProperty(arbitraryGraph(8), commands, async (deps, list) => {
      const runId = await record.plant(deps.map((own) => ({ deps: own })))
      await fc.asyncModelRun(() => ({ model: newModel(deps), real: { runId, pools } }), list)
    }),
    { seed, numRuns: 25 },
  )
})
