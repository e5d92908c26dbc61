import { costUsd, createPriceTable, type Price } from '@flotilla/llm'
import type { JournalEntry, Rule } from '@flotilla/testing/model-server'
import { runToEnd } from '../flotilla/load.ts'
import { startFlotilla, watchedOf } from '../flotilla/system.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import { exampleFan, examplePlan, judgedPlan, type ExampleRun } from '../money/example-runs.ts'
import { exampleModel, plainModel } from '../money/example-model.ts'
import { billUsd, modelRef, MODEL, providerSettings, startProvider, usageOf, UTILITY_MODEL } from '../money/provider.ts'
import type { Backend } from '../options.ts'
import type { Measurement } from '../report/table.ts'
import { openScope } from '../scope.ts'
import { startStores } from '../services/stores.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

/** The shortest prompt that Anthropic caches for most of its models. */
const CACHE_FROM_TOKENS = 1024

type Case = Readonly<{ name: string; open: () => Promise<ExampleRun>; model: (example: ExampleRun) => Rule }>
const CASES: readonly Case[] = [
  { name: 'the example plan, by its rules', open: examplePlan, model: ({ documents }) => exampleModel(documents) },
  { name: 'the same, judges for its rules', open: judgedPlan, model: ({ documents }) => exampleModel(documents) },
  { name: 'twenty tasks side by side', open: exampleFan, model: () => plainModel },
]

export const moneySavings: Figure = {
  title: 'Savings: what a run pays for, by the scripted model on a provider with a prompt cache',
  subject: ['run', 'queue'],
  columns: [
    { key: 'tasks', title: 'tasks' },
    { key: 'calls', title: 'calls' },
    { key: 'judged', title: 'judge calls' },
    { key: 'prompt', title: 'prompt tokens' },
    { key: 'prompt.task', title: 'a task' },
    { key: 'hits', title: 'from the cache %' },
    { key: 'written', title: 'written to it' },
    { key: 'writers', title: 'calls that wrote' },
    { key: 'usd', title: 'cost $' },
    { key: 'usd.uncached', title: 'without the cache $' },
    { key: 'saved', title: 'saved by it %' },
    { key: 'usd.judged', title: 'of it for judges, $ in 1,000 runs' },
    ...DISTURBANCE_COLUMNS,
  ],
  measure: measureSavings,
}

async function* measureSavings(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, backends } = bench.options
  for (let rep = 1; rep <= reps; rep += 1)
    for (const backend of backends)
      for (const each of CASES) {
        bench.say(`${each.name} on ${backend}, repetition ${rep} of ${reps}`)
        yield await measureOn(bench, backend, each)
      }
}

async function measureOn({ shutdown, settings }: Bench, backend: Backend, each: Case): Promise<Measurement> {
  await using scope = openScope(shutdown)
  const stores = await startStores(scope, backend)
  const example = await each.open()
  const server = await startProvider(scope, { cacheFromTokens: CACHE_FROM_TOKENS, rules: [each.model(example)] })
  const env = { ...settings, ...providerSettings(server), FLOTILLA_UTILITY_MODEL: modelRef(UTILITY_MODEL) }
  const system = await startFlotilla(scope, { ...stores, model: modelRef(MODEL), settings: env, profile: null })
  const before = await takeSample(watchedOf(stores, system))
  const id = await runToEnd(system.client, example.run)
  const disturbed = disturbance(before, await takeSample(watchedOf(stores, system)))
  const { usage } = await system.client.runs.get(id)
  const values = spendingOf(server.journal.entries, example.run.plan?.tasks.length ?? 0)
  if (Math.abs(usage.costUsd - values.usd) > 1e-6)
    throw new Error(`run ${id} says it cost $${usage.costUsd}; its provider billed $${values.usd}`)
  return { subject: [each.name, backend], values: { ...values, ...disturbed } }
}

const prices = createPriceTable()
const priceOf = (model: string): Price => prices.priceOf(modelRef(model)).price

function spendingOf(entries: readonly JournalEntry[], tasks: number) {
  const judges = entries.filter(({ first }) => first.includes('<mode>\nVERIFIER\n</mode>'))
  const sum = (of: (tokens: NonNullable<JournalEntry['tokens']>) => number): number =>
    entries.reduce((total, { tokens }) => total + (tokens === null ? 0 : of(tokens)), 0)
  const prompt = sum(({ input, cached, written }) => input + cached + written)
  const usd = billUsd(entries, priceOf)
  const uncached = entries.reduce((total, entry) => total + uncachedUsd(entry), 0)
  return {
    tasks,
    calls: entries.length,
    judged: judges.length,
    prompt,
    'prompt.task': prompt / tasks,
    hits: (100 * sum(({ cached }) => cached)) / prompt,
    written: sum(({ written }) => written),
    writers: entries.filter(({ tokens }) => (tokens?.written ?? 0) > 0).length,
    usd,
    'usd.uncached': uncached,
    saved: (100 * (uncached - usd)) / uncached,
    'usd.judged': 1000 * billUsd(judges, priceOf),
  }
}

function uncachedUsd(entry: JournalEntry): number {
  const usage = usageOf(entry)
  return usage === null ? 0 : costUsd(priceOf(entry.model), { ...usage, cachedInputTokens: 0, cacheWriteTokens: 0 })
}
