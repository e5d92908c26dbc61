import { costUsd, type Price, type TokenUsage } from '@flotilla/llm'
import {
  startModelServer,
  type JournalEntry,
  type ModelServer,
  type ModelServerOptions,
} from '@flotilla/testing/model-server'
import type { Scope } from '../scope.ts'

export const MODEL = 'claude-sonnet-5-5'
export const UTILITY_MODEL = 'claude-haiku-5-5'
export const modelRef = (model: string): string => `anthropic:${model}`

/** A provider over the wire that lives as long as the scope. */
export async function startProvider(scope: Scope, options: ModelServerOptions): Promise<ModelServer> {
  const server = await startModelServer(options)
  scope.add('model server', () => server.close())
  return server
}

/** Settings of processes whose only provider is this one. */
export const providerSettings = ({ url }: ModelServer): Record<string, string> => ({
  ANTHROPIC_API_KEY: 'bench',
  ANTHROPIC_BASE_URL: url,
})

/** What the provider counted for a call, as our own usage; null where it answered none. */
export function usageOf({ tokens }: JournalEntry): TokenUsage | null {
  if (tokens === null) return null
  return {
    inputTokens: tokens.input + tokens.cached + tokens.written,
    cachedInputTokens: tokens.cached,
    cacheWriteTokens: tokens.written,
    outputTokens: tokens.output,
    reasoningTokens: 0,
  }
}

/** What the provider would bill for its journal. */
export function billUsd(entries: readonly JournalEntry[], priceOf: (model: string) => Price): number {
  return entries.reduce((sum, entry) => {
    const usage = usageOf(entry)
    return usage === null ? sum : sum + costUsd(priceOf(entry.model), usage)
  }, 0)
}
