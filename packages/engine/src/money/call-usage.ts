import { addUsage, NO_USAGE, type Usage } from '@flotilla/domain'
import type { CallUsed } from '@flotilla/db'
import { costParts, type ModelOutcome, type Price, type TokenUsage } from '@flotilla/llm'

type Told = Readonly<{ usage?: TokenUsage; usageEstimated?: true }>
const toldOf = (outcome: ModelOutcome): Told => (outcome.ok ? outcome.reply : outcome)

/** What a call used, by kinds, for the ledger. A call without a usage is one that its provider refused or never got. */
export function usedOf(price: Price, outcome: ModelOutcome, elapsedMs: number): CallUsed {
  const { usage: tokens, usageEstimated } = toldOf(outcome)
  if (tokens === undefined) return null
  const parts = costParts(price, tokens)
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = tokens
  return {
    tokens: inputTokens + outputTokens,
    costUsd: parts.totalUsd,
    toolCalls: 0,
    seconds: Math.max(0, elapsedMs) / 1_000,
    usage: { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens },
    parts,
    ...(usageEstimated && { estimated: true }),
  }
}

/** The same, added to what the tries before it used. A try that used nothing is a call all the same. */
export const withTry = (usage: Usage, used: CallUsed): Usage =>
  addUsage(usage, { ...NO_USAGE, ...used?.usage, modelCalls: 1, costUsd: used?.costUsd ?? 0 })
