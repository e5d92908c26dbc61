export { configuredModels, type ModelSettings } from './configured-models.ts'
export * from './cost.ts'
export {
  decideGate,
  type GateAdmission,
  type GateAsk,
  type GateEvent,
  type GateObserve,
  type GateOutcome,
  type GatePause,
  type GateSettle,
  type GateStep,
  type GateWait,
} from './gate/decide-gate.ts'
export * from './gate/gate-state.ts'
export * from './gate/lane-charge.ts'
export * from './gate/rate-gate.ts'
export { laneLimitsProblem, limitsWithoutModel, readLaneLimits } from './lane-limits.ts'
export { loadMedia, mediaProblem, mediaTokens, pdfPages, unreadBy } from './media.ts'
export { CALL_ENTRIES } from './call-entries.ts'
export { modelEntries } from './model-entries.ts'
export { createModelLabel, OTHER_MODEL, type ModelLabelDeps } from './model-label.ts'
export * from './model-name.ts'
export * from './offline/index.ts'
export * from './port.ts'
export { sharePrefix } from './prefix/share-prefix.ts'
export { prefixKey } from './prefix/prefix-key.ts'
export * from './pricing.ts'
export { createAnthropicProvider, type AnthropicOptions } from './providers/anthropic.ts'
export { createNoopProvider } from './providers/noop.ts'
export { createOpenAIChatProvider, type OpenAIChatOptions } from './providers/openai-chat.ts'
export { createOpenAIResponsesProvider, type OpenAIOptions } from './providers/openai-responses.ts'
export * from './providers/scripted.ts'
export * from './rate-limits.ts'
export * from './registry.ts'
export * from './resilient/call-chain.ts'
export * from './resilient/chain-links.ts'
export * from './resilient/circuit.ts'
export * from './resilient/failure-course.ts'
export * from './resilient/gate-permit.ts'
export * from './resilient/retry.ts'
export * from './structured.ts'
export { countRequestTokens, countTokens, roughTokens } from './tokens.ts'
