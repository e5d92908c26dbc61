import type { PlanTaskInput, CreateRunInput } from '@flotilla/domain'
import {
  createCircuits,
  createModelRegistry,
  createNoopProvider,
  createPriceTable,
  type ModelRegistryOptions,
} from '@flotilla/llm'
import { startModelServer, type ModelServer, type ModelServerOptions } from '@flotilla/testing/model-server'
import type { RunDeps } from '../run-deps.ts'
import { openRuns, type Runs } from './run-fixture.ts'
import { runState } from './run-reads.ts'

/** US dollars per million tokens. */
export const PRICE = { input: 10, cachedInput: 1, cacheWrite: 12.5, output: 50 } as const
const SMALL = { input: 1, cachedInput: 0.1, cacheWrite: 1.25, output: 5 } as const

export type PaidRuns = Runs & Readonly<{ server: ModelServer }>

/** Runs whose models stand behind a mock server, by the provider's own client, and cost money. */
export async function openPaidRuns(
  options: ModelServerOptions = {},
  change: Partial<RunDeps> & Readonly<{ registry?: Partial<ModelRegistryOptions> }> = {},
): Promise<PaidRuns> {
  const { registry, ...more } = change
  const server = await startModelServer(options)
  const runs = await openRuns({
    models: createModelRegistry({
      offline: createNoopProvider(),
      anthropic: { apiKey: 'k1', baseURL: server.url },
      model: 'anthropic:claude-dear',
      utilityModel: 'anthropic:claude-small',
      ...registry,
    }),
    prices: createPriceTable({ 'anthropic:claude-dear': PRICE, 'anthropic:claude-small': SMALL }),
    circuits: createCircuits({ now: Date.now }),
    ...more,
  })
  return {
    ...runs,
    server,
    close: async () => {
      await runs.close()
      await server.close()
    },
  }
}

export const paidTask = (key: string, more: Partial<PlanTaskInput> = {}): PlanTaskInput => ({
  key,
  role: 'writer',
  instructions: `Do ${key}`,
  ...more,
})

/** Plans a run and works it off, waits included, until it stands still or has nothing left to do. Answers its number. */
export async function runPaid(
  runs: PaidRuns,
  tasks: readonly PlanTaskInput[],
  budget: NonNullable<CreateRunInput['budget']>,
): Promise<number> {
  const runId = await runs.submit({ plan: { tasks: [...tasks] }, budget })
  await runs.plan(runId)
  await workOff(runs, runId)
  return runId
}

export async function workOff(runs: PaidRuns, runId: number): Promise<void> {
  for (let round = 0; (await runState(runs, runId)).status === 'executing'; round++) {
    if (round > 500) throw new Error(`run ${runId} does not end`)
    await runs.hurry(runId)
    await runs.work(runId)
  }
}
