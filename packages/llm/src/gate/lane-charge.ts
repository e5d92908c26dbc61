import type { TokenUsage } from '../port.ts'
import type { Charge } from './gate-state.ts'

/** What a call takes from its lane, before it is known: its counted prompt and all the output that it may have. */
export const expectedCharge = (inputTokens: number, maxOutputTokens: number): Charge => ({
  requests: 1,
  tokens: inputTokens + maxOutputTokens,
  inputTokens,
  outputTokens: maxOutputTokens,
})

/**
 * What a call took. Anthropic does not count input read from the cache, OpenAI counts all of it. A call without a
 * usage (refused, or never answered) took one request and as far as known nothing else.
 */
export function actualCharge(provider: string, usage: TokenUsage | undefined): Charge {
  if (!usage) return { requests: 1 }
  const inputTokens = provider === 'anthropic' ? usage.inputTokens - usage.cachedInputTokens : usage.inputTokens
  return {
    requests: 1,
    tokens: inputTokens + usage.outputTokens,
    inputTokens,
    outputTokens: usage.outputTokens,
  }
}
