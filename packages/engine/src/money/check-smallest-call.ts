import { leastPlanningRequest, PLAN_OUTPUT_TOKENS, taskExecutionPrompt } from '@flotilla/agents'
import { unopened } from '@flotilla/db'
import {
  checkSmallestCall,
  amountText,
  type BudgetLimits,
  type BudgetLevel,
  type CreateRun,
  type Issue,
} from '@flotilla/domain'
import {
  countRequestTokens,
  quotePrice,
  userText,
  worstCaseUsd,
  type ModelRegistry,
  type ModelRequest,
  type PriceTable,
  type UnknownPriceRule,
} from '@flotilla/llm'
import { shortestOutput } from './model-caller.ts'
import { resolveModels } from './resolve-models.ts'

/** What tells the price of a call before there is one. */
export type PricingDeps = Readonly<{
  models: ModelRegistry
  fallbackModels: readonly string[]
  prices: PriceTable
  unknownPrice: UnknownPriceRule
}>

/** The least that a call sends and has answered: its instructions and goal, and the shortest answer that is of use. */
type LeastCall = Readonly<{ request: Omit<ModelRequest, 'model' | 'maxOutputTokens'>; outputTokens: number }>

/** Longer goals may be cut to fit their prompt. */
const SURE_GOAL_CHARS = 2_000
/** Agents may ask for as little. */
const LEAST_ANSWER_TOKENS = 100

const leastTaskCall = (goal: string): LeastCall => ({
  request: { system: taskExecutionPrompt.text, messages: [userText(goal.slice(0, SURE_GOAL_CHARS))] },
  outputTokens: LEAST_ANSWER_TOKENS,
})

/** Of a run's planner; only `degrade` has it answer in less than it asks for, and a run that pauses can be given more. */
const leastPlanningCall = (goal: string, fails: boolean): LeastCall => ({
  request: leastPlanningRequest(goal.slice(0, SURE_GOAL_CHARS)),
  outputTokens: fails ? PLAN_OUTPUT_TOKENS : shortestOutput(PLAN_OUTPUT_TOKENS),
})

/** Budgets of a request that not even the smallest call fits, with what that may need. Models may be named by agents later. */
export function budgetIssues(deps: PricingDeps, body: CreateRun): Issue[] {
  const tasks = body.plan?.tasks ?? []
  const ofTask = askOnce(deps, () => leastTaskCall(body.goal))
  const fails = body.budget?.onExceeded === 'fail'
  const first = body.plan ? ofTask : askOnce(deps, () => leastPlanningCall(body.goal, fails))
  return [
    ...issuesOf('run', body.budget ?? {}, '/budget', first),
    ...tasks.flatMap((task, i) => issuesOf('task', task.budget ?? {}, `/plan/tasks/${i}/budget`, ofTask)),
  ]
}

/** The same of the limits of a run that has begun. */
export const limitIssues = (deps: PricingDeps, limits: BudgetLimits): Issue[] =>
  issuesOf(
    'run',
    limits,
    '/budget',
    askOnce(deps, () => leastTaskCall('')),
  )

/** What a call asks of a budget; null where no model has a price. */
type Ask = () => Parameters<typeof checkSmallestCall>[1] | null

/** Counted when a budget is first held against it: most requests have none. */
function askOnce(deps: PricingDeps, least: () => LeastCall): Ask {
  let asked: ReturnType<Ask> | undefined
  return () => (asked ??= askOf(deps, least()))
}

function askOf(deps: PricingDeps, { request, outputTokens }: LeastCall): ReturnType<Ask> {
  const chain = resolveModels(deps, deps.models.defaultModel)
  if (!chain.ok) return null
  const priced = chain.value.savers.flatMap(({ ref, model }) => {
    const quote = quotePrice(deps.prices, ref, deps.unknownPrice)
    if (!quote.ok) return []
    const priceUsd = (prompt: number, output: number) => worstCaseUsd(quote.price, prompt, output)
    return [{ ref, priceUsd, promptTokens: countRequestTokens({ ...request, model, maxOutputTokens: outputTokens }) }]
  })
  const [first, ...rest] = priced
  if (first === undefined) return null
  return {
    promptTokens: Math.min(...priced.map(({ promptTokens }) => promptTokens)),
    maxOutputTokens: outputTokens,
    minOutputTokens: outputTokens,
    models: [first, ...rest],
    timeoutSeconds: 1,
  }
}

function issuesOf(level: BudgetLevel, limits: BudgetLimits, path: string, ask: Ask): Issue[] {
  const { tokens, costUsd } = limits
  if (tokens === undefined && costUsd === undefined) return []
  const asked = ask()
  if (asked === null) return []
  const account = unopened(level, { ...(tokens && { tokens }), ...(costUsd !== undefined && { costUsd }) })
  const stop = checkSmallestCall([account], asked)
  if (stop === null) return []
  const names = asked.models.map(({ ref }) => ref).join(', ')
  const message = `a budget of ${amountText(stop.dimension, stop.limit)} is below the smallest call, which may need ${amountText(stop.dimension, stop.asked, 'up')} (${names})`
  return [{ path: `${path}/${stop.dimension}`, message }]
}
