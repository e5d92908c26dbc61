import { addUsage, NO_SPEND, NO_USAGE, type Usage } from '@flotilla/domain'
import type { CallUsed } from '@flotilla/db'
import { costParts, type ModelOutcome, type Price, type TokenUsage } from '@flotilla/llm'

type Told = Readonly<{ usage?: TokenUsage; usageEstimated?: true; usageUnknown?: true }>
const toldOf = (outcome: ModelOutcome): Told => (outcome.ok ? outcome.reply : outcome)

/**
 * What a call used, by kinds, for the ledger. A call without a usage is one that its provider refused or never got, unless nobody
 * knows: then it is charged nothing, and the ledger keeps what was held for it as what it may have cost at most.
 */
export function usedOf(price: Price, outcome: ModelOutcome, elapsedMs: number): CallUsed {
  const { usage: tokens, usageEstimated, usageUnknown } = toldOf(outcome)
  const seconds = Math.max(0, elapsedMs) / 1_000
  if (tokens === undefined) return usageUnknown ? { ...NO_SPEND, seconds, estimated: true } : null
  const parts = costParts(price, tokens)
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = tokens
  return {
    tokens: inputTokens + outputTokens,
    costUsd: parts.totalUsd,
    toolCalls: 0,
    seconds,
    usage: { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens },
    parts,
    ...(usageEstimated && { estimated: true }),
  }
}

/** The same, added to what the tries before it used. A try that used nothing is a call all the same. */
export const withTry = (usage: Usage, used: CallUsed): Usage =>
  addUsage(usage, { ...NO_USAGE, ...used?.usage, modelCalls: 1, costUsd: used?.costUsd ?? 0 })
