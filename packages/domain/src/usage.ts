import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Tokens of model calls; `inputTokens` includes cached ones, `outputTokens` includes reasoning ones. Cost in US dollars. */
export const UsageSchema = v.pipe(
  v.object({
    inputTokens: count,
    cachedInputTokens: count,
    cacheWriteTokens: count,
    outputTokens: count,
    reasoningTokens: count,
    toolCalls: count,
    modelCalls: count,
    costUsd: v.pipe(v.number(), v.minValue(0)),
  }),
  v.metadata({ ref: 'Usage' }),
)
export type Usage = Readonly<v.InferOutput<typeof UsageSchema>>

export const NO_USAGE: Usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  toolCalls: 0,
  modelCalls: 0,
  costUsd: 0,
}

/** Sums field by field; the cost is kept at a ten-billionth of a dollar so that sums of many calls stay exact to read. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    toolCalls: a.toolCalls + b.toolCalls,
    modelCalls: a.modelCalls + b.modelCalls,
    costUsd: Math.round((a.costUsd + b.costUsd) * 1e10) / 1e10,
  }
}

export const totalTokens = (usage: Usage): number => usage.inputTokens + usage.outputTokens
