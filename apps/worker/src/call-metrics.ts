import { BUDGET_DIMENSIONS, type BudgetLevel } from '@flotilla/domain'
import type { EngineMetrics, MeasuredCall } from '@flotilla/engine'
import { Counter, Histogram, type Registry } from '@prometheus-io/client'

const LEVELS: readonly BudgetLevel[] = ['task', 'run', 'workspace']

export type CallCounts = Pick<EngineMetrics, 'modelCalled' | 'budgetRefused'>

/** What model calls take and cost, and what budgets refuse. */
export function callMetrics(registry: Registry, modelLabel: (ref: string) => string): CallCounts {
  const registers = [registry]
  const calls = new Counter({
    name: 'flotilla_model_calls_total',
    help: 'Model calls that reached their provider, by outcome: ok, or the code of the failure.',
    labelNames: ['model', 'outcome'],
    registers,
  })
  const duration = new Histogram({
    name: 'flotilla_model_call_duration_seconds',
    help: 'Time of a model call, from its admission to its end.',
    labelNames: ['model'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320],
    registers,
  })
  const cost = new Counter({
    name: 'flotilla_cost_usd_total',
    help: 'US dollars of model calls, by the price table.',
    labelNames: ['model'],
    registers,
  })
  const refusals = new Counter({
    name: 'flotilla_budget_refusals_total',
    help: 'Calls that a budget let not be made, by the level and dimension that were too small.',
    labelNames: ['level', 'dimension'],
    registers,
  })
  for (const level of LEVELS) for (const dimension of BUDGET_DIMENSIONS) refusals.inc({ level, dimension }, 0)
  const countTokens = tokenCounts(registry)
  return {
    modelCalled: ({ model: ref, outcome, seconds, used }) => {
      const model = modelLabel(ref)
      calls.inc({ model, outcome })
      duration.observe({ model }, seconds)
      cost.inc({ model }, used?.costUsd ?? 0)
      countTokens(model, used)
    },
    budgetRefused: (level, dimension) => refusals.inc({ level, dimension }),
  }
}

function tokenCounts(registry: Registry): (model: string, used: MeasuredCall['used']) => void {
  const tokens = new Counter({
    name: 'flotilla_tokens_total',
    help: 'Tokens used, by kind; cached_input and cache_write are part of input, reasoning of output.',
    labelNames: ['model', 'kind'],
    registers: [registry],
  })
  return (model, used) => {
    if (!used?.usage) return
    const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = used.usage
    const kinds = {
      input: inputTokens,
      cached_input: cachedInputTokens,
      cache_write: cacheWriteTokens,
      output: outputTokens,
      reasoning: reasoningTokens,
    }
    for (const [kind, amount] of Object.entries(kinds)) tokens.inc({ model, kind }, amount)
  }
}
