import { isTerminalEvent, type CreateRunInput, type CrossingPolicy } from '@flotilla/domain'
import { createPriceTable, type Price } from '@flotilla/llm'
import type { ModelServer } from '@flotilla/testing/model-server'
import { ROLE } from '../flotilla/load.ts'
import { startFlotilla, watchedOf, type Flotilla } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import { budgetPeaks, watchBudgets } from '../money/budget-peaks.ts'
import { billUsd, MODEL, modelRef, providerSettings, startProvider, UTILITY_MODEL } from '../money/provider.ts'
import { waitsOf } from '../money/waits.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import type { Connection } from '../services/postgres.ts'
import { startStores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const WORKERS = 4
const TASKS = 50
const LIMIT_USD = 1
/** Rounding of ten-billionths of a dollar, added up as floating point numbers. */
const EXACT_USD = 1e-9
/** At these an answer of 600 tokens costs three cents, and the worst case of a call, 4,096 tokens, twenty. */
const DEAR: Price = { input: 2, cachedInput: 0.2, cacheWrite: 2.5, output: 50 }
const SMALL: Price = { input: 0.2, cachedInput: 0.02, cacheWrite: 0.25, output: 5 }
const PRICES = { [modelRef(MODEL)]: DEAR, [modelRef(UTILITY_MODEL)]: SMALL }
const ANSWER = { text: 'All is well with the fleet. '.repeat(85), firstTokenMs: 100 }
const POLICIES: readonly CrossingPolicy[] = ['fail', 'pause', 'degrade']

const RUN: CreateRunInput = {
  goal: 'Measure what a run may cost',
  plan: { tasks: Array.from({ length: TASKS }, (_, i) => ({ key: `t${i}`, role: ROLE })) },
}

export const moneyBudget: Figure = {
  title: `Budget: ${TASKS} tasks side by side on a run of $${LIMIT_USD}, ${WORKERS} workers`,
  subject: ['when it is used up', 'queue', 'the run ends'],
  columns: [
    { key: 'overspend', title: 'overspend $' },
    { key: 'settled', title: 'settled, highest $' },
    { key: 'together', title: 'settled + reserved, highest $' },
    { key: 'billed', title: 'billed by the provider $' },
    { key: 'states', title: 'states seen' },
    { key: 'calls', title: 'calls' },
    { key: 'completed', title: 'tasks completed' },
    { key: 'refused', title: 'calls refused' },
    { key: 'waits', title: 'waits for room' },
    { key: 'retried', title: 'tasks with a 2nd try' },
    { key: 'seconds', title: 's' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureBudget,
}

async function* measureBudget(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends)
      for (const policy of POLICIES) {
        bench.say(`a budget with the policy ${policy} on ${backend}, repetition ${rep} of ${reps}`)
        yield await measureOn(bench, backend, policy)
      }
}

async function measureOn(
  { shutdown, settings }: Bench,
  backend: Backend,
  policy: CrossingPolicy,
): Promise<Measurement> {
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const server = await startProvider(scope, { rules: [() => ANSWER] })
  const env = { ...settings, ...providerSettings(server), FLOTILLA_PRICES: JSON.stringify(PRICES) }
  const system = await startFlotilla(scope, {
    ...stores,
    model: modelRef(MODEL),
    settings: env,
    profile: null,
    workers: WORKERS,
  })
  await watchBudgets(stores.db)
  const before = await takeSample(watchedOf(stores, system))
  const { id, seconds } = await runToRest(system, policy)
  const disturbed = disturbance(before, await takeSample(watchedOf(stores, system)))
  const { status, progress } = await system.client.runs.get(id)
  const values = { ...(await moneyOf(stores.db, server)), completed: progress.completed, seconds }
  return { subject: [policy, backend, status], values: { ...values, ...disturbed } }
}

/** Until the run has ended, or rests for a larger budget, and nothing is under way any more. */
async function runToRest(
  { client }: Flotilla,
  onExceeded: CrossingPolicy,
): Promise<Readonly<{ id: string; seconds: number }>> {
  const begun = performance.now()
  const { id } = await client.runs.create({ ...RUN, budget: { costUsd: LIMIT_USD, onExceeded } })
  for await (const { type } of client.runs.follow(id)) if (isTerminalEvent(type) || type === 'run.paused') break
  return { id, seconds: (performance.now() - begun) / 1000 }
}

async function moneyOf(db: Connection, { journal }: ModelServer): Promise<Record<string, number>> {
  const { settled, together, states } = await budgetPeaks(db)
  const prices = createPriceTable(PRICES)
  const billed = billUsd(journal.entries, (model) => prices.priceOf(modelRef(model)).price)
  const over = Math.max(settled, together, billed) - LIMIT_USD
  const { room, retried } = await waitsOf(db)
  const { rows } = await db.query<{ refused: number }>(
    `select count(*)::int as refused from flotilla.attempts where error ->> 'code' = 'budget_exceeded' and error ->> 'message' not like 'waits: %'`,
  )
  return {
    overspend: over > EXACT_USD ? over : 0,
    settled,
    together,
    billed,
    states,
    calls: journal.entries.length,
    refused: rows[0]?.refused ?? Number.NaN,
    waits: room,
    retried,
  }
}
