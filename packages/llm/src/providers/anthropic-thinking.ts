import type Anthropic from '@anthropic-ai/sdk'
import { thinkingAbility, nearestEffort, type ThinkingAbility } from '../model-abilities.ts'
import type { Effort, ModelRequest, ReasoningSetting } from '../port.ts'

type Params = Readonly<{
  thinking?: Anthropic.ThinkingConfigParam
  effort?: NonNullable<Anthropic.OutputConfig['effort']>
}>

/** What the API takes for a budget at least. */
const LEAST_BUDGET = 1024

/** Which part of the output an effort leaves to thinking, for models that take a budget. */
const BUDGET_SHARE: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 0.1,
  low: 0.2,
  medium: 0.4,
  high: 0.6,
  xhigh: 0.8,
  max: 0.9,
}

/** A request's setting as its model takes it; nothing where the request leaves it to the model. */
export function thinkingParams(request: ModelRequest): Params {
  const { reasoning, model, maxOutputTokens } = request
  if (!reasoning || (reasoning.effort === undefined && reasoning.budgetTokens === undefined)) return {}
  const can = thinkingAbility(model)
  if (can.by === 'never') return {}
  if (reasoning.effort === 'none') return withoutThinking(can)
  return can.by === 'budget' ? byBudget(can, reasoning, maxOutputTokens) : byEffort(can, reasoning)
}

function withoutThinking(can: ThinkingAbility): Params {
  switch (can.off) {
    case 'omit':
      return {}
    case 'disabled':
    case 'between_tools':
      return { thinking: { type: can.off } }
    case 'impossible':
      return { effort: 'low' }
  }
}

function byBudget(can: ThinkingAbility, reasoning: ReasoningSetting, maxOutputTokens: number): Params {
  const { effort } = reasoning
  const share = effort === undefined || effort === 'none' ? 0 : BUDGET_SHARE[effort]
  const wanted = reasoning.budgetTokens ?? Math.floor(maxOutputTokens * share)
  const budget = Math.min(Math.max(LEAST_BUDGET, wanted), maxOutputTokens - 1)
  const level = effort && levelOf(effort, can)
  // Less room than the least budget and an answer of the same length: the model answers without thinking.
  const fits = maxOutputTokens >= 2 * LEAST_BUDGET
  return {
    ...(fits && { thinking: { type: 'enabled' as const, budget_tokens: budget } }),
    ...(level && { effort: level }),
  }
}

function byEffort(can: ThinkingAbility, reasoning: ReasoningSetting): Params {
  const level = levelOf(reasoning.effort ?? effortOfBudget(reasoning.budgetTokens ?? 0), can)
  return {
    // Where thinking is off by itself it has to be asked for.
    ...(can.off === 'omit' && { thinking: { type: 'adaptive' as const } }),
    ...(level && { effort: level }),
  }
}

const effortOfBudget = (tokens: number): Effort => (tokens < 4096 ? 'low' : tokens < 16_384 ? 'medium' : 'high')

function levelOf(effort: Effort, can: ThinkingAbility): Params['effort'] {
  const level = nearestEffort(effort, can.efforts)
  return level === undefined || level === 'none' || level === 'minimal' ? undefined : level
}
