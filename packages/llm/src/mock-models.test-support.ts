import type { ModelProvider } from './port.ts'
import { createAnthropicProvider } from './providers/anthropic.ts'
import { createOpenAIChatProvider } from './providers/openai-chat.ts'
import { createOpenAIResponsesProvider } from './providers/openai-responses.ts'
import type { ChainLink } from './resilient/call-chain.ts'

export type WireName = 'anthropic' | 'responses' | 'chat'
export const WIRES: readonly WireName[] = ['anthropic', 'responses', 'chat']

export const WIRE_MODELS = { anthropic: 'claude-sonnet-5-5', responses: 'gpt-6.1-sol', chat: 'llama3' } as const

/** A provider over its real SDK, on a server that speaks all the protocols. */
export function providerOn(wire: WireName, url: string, apiKey = 'key-1'): ModelProvider {
  if (wire === 'anthropic') return createAnthropicProvider({ apiKey, baseURL: url })
  if (wire === 'responses') return createOpenAIResponsesProvider({ apiKey, baseURL: `${url}/v1` })
  return createOpenAIChatProvider({ apiKey, baseURL: `${url}/v1` })
}

const PREFIXES = { anthropic: 'anthropic', responses: 'openai', chat: 'compatible' } as const

export function linkOn(wire: WireName, url: string, apiKey = 'key-1'): ChainLink {
  const [provider, model] = [PREFIXES[wire], WIRE_MODELS[wire]]
  const lane = { provider, model, key: apiKey }
  return { provider: providerOn(wire, url, apiKey), model, ref: `${provider}:${model}`, lane }
}
