import { unopened } from '@flotilla/db'
import {
  checkSmallestCall,
  amountText,
  type BudgetLimits,
  type BudgetLevel,
  type CreateRun,
  type Issue,
} from '@flotilla/domain'
import { quotePrice, worstCaseUsd, type ModelRegistry, type PriceTable, type UnknownPriceRule } from '@flotilla/llm'
import { resolveModels } from './resolve-models.ts'

/** What tells the price of a call before there is one. */
export type PricingDeps = Readonly<{
  models: ModelRegistry
  fallbackModels: readonly string[]
  prices: PriceTable
  unknownPrice: UnknownPriceRule
}>

/** Prompts begin with instructions of about this length; an answer of fewer tokens is of no use. */
const LEAST_PROMPT_TOKENS = 500
const LEAST_OUTPUT_TOKENS = 100

/** Budgets of a request that not even the smallest call fits, with what that may need. Models may be named by agents later. */
export function budgetIssues(deps: PricingDeps, body: CreateRun): Issue[] {
  const tasks = body.plan?.tasks ?? []
  return [
    ...issuesOf(deps, 'run', body.budget ?? {}, '/budget'),
    ...tasks.flatMap((task, i) => issuesOf(deps, 'task', task.budget ?? {}, `/plan/tasks/${i}/budget`)),
  ]
}

/** The same of a run's limits alone, by another budget. */
export const limitIssues = (deps: PricingDeps, limits: BudgetLimits): Issue[] =>
  issuesOf(deps, 'run', limits, '/budget')

function issuesOf(deps: PricingDeps, level: BudgetLevel, limits: BudgetLimits, path: string): Issue[] {
  const { tokens, costUsd } = limits
  if (tokens === undefined && costUsd === undefined) return []
  const chain = resolveModels(deps, deps.models.defaultModel)
  if (!chain.ok) return []
  const models = chain.value.savers.flatMap(({ ref }) => {
    const quote = quotePrice(deps.prices, ref, deps.unknownPrice)
    const priceUsd = (prompt: number, output: number) => (quote.ok ? worstCaseUsd(quote.price, prompt, output) : 0)
    return quote.ok ? [{ ref, priceUsd }] : []
  })
  const [first, ...rest] = models
  if (first === undefined) return []
  const stop = checkSmallestCall(
    [unopened(level, { ...(tokens && { tokens }), ...(costUsd !== undefined && { costUsd }) })],
    {
      promptTokens: LEAST_PROMPT_TOKENS,
      maxOutputTokens: LEAST_OUTPUT_TOKENS,
      minOutputTokens: LEAST_OUTPUT_TOKENS,
      models: [first, ...rest],
      timeoutSeconds: 1,
    },
  )
  if (stop === null) return []
  const { dimension, limit, asked } = stop
  const names = models.map(({ ref }) => ref).join(', ')
  const message = `a budget of ${amountText(dimension, limit)} is below the smallest call, which may need ${amountText(dimension, asked, 'up')} (${names})`
  return [{ path: `${path}/${dimension}`, message }]
}
