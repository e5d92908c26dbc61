import type { Failure, Json, JsonObject, Usage } from '@flotilla/domain'

/**
 * Ends the part of the prompt that other calls with the same `cacheKey` have in common: system, tools and everything up
 * to here. Providers that write their caches where they are told to write one here.
 */
export type PrefixEnd = { endsPrefix?: true }

export type TextPart = { type: 'text'; text: string } & PrefixEnd

/** Base64, or a reference to something that is stored elsewhere: `loadMedia` puts the data in before a call. */
export type MediaSource = { data: string } | { ref: string }
/** PNG, JPEG, GIF or WebP. */
export type ImagePart = { type: 'image'; mediaType: string; source: MediaSource } & PrefixEnd
/** PDF or plain text. `pages` where known, for the estimate of its tokens. */
export type DocumentPart = {
  type: 'document'
  name: string
  mediaType: string
  source: MediaSource
  pages?: number
} & PrefixEnd
export type MediaPart = ImagePart | DocumentPart

export type ToolCallPart = { type: 'tool_call'; id: string; name: string; arguments: JsonObject }
export type ToolResultPart = { type: 'tool_result'; callId: string; name: string; content: string; isError?: boolean }

/**
 * The model's own reasoning, opaque and usually encrypted. A conversation that continues has to carry it back
 * unchanged and in its place: models that think between tool calls refuse or degrade without it. Providers send back
 * only what the same provider and model produced, so a conversation may change its model.
 */
export type ReasoningPart = { type: 'reasoning'; provider: ProviderName; model: string; payload: JsonObject }

export type UserPart = TextPart | MediaPart | ToolResultPart
export type UserMessage = { role: 'user'; content: UserPart[] }
export type AssistantMessage = { role: 'assistant'; content: ReplyPart[] }
export type Message = UserMessage | AssistantMessage
export type ReplyPart = TextPart | ToolCallPart | ReasoningPart

/** `parameters` is the JSON Schema of an object. */
export type ToolSpec = { name: string; description: string; parameters: JsonObject }

/**
 * Limits of one call in milliseconds. `connectMs`: until the server's response headers; `firstTokenMs`: from there to
 * the first piece of content; `idleMs`: silence on the connection after that; `totalMs`: the whole call.
 */
export type ModelTimeouts = { connectMs: number; firstTokenMs: number; idleMs: number; totalMs: number }

export const DEFAULT_TIMEOUTS: ModelTimeouts = {
  connectMs: 60_000,
  firstTokenMs: 180_000,
  idleMs: 90_000,
  totalMs: 900_000,
}

/** How hard a model thinks, weakest first. A model that lacks a level gets the nearest one below it that it has. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof EFFORTS)[number]

/** Left out, a model thinks as it does by itself. `budgetTokens` holds for the models that take a budget. */
export type ReasoningSetting = { effort?: Effort; budgetTokens?: number }

export type ModelRequest = {
  /** The provider's own name of the model, without the provider. */
  model: string
  system: string
  messages: Message[]
  tools?: ToolSpec[]
  /** Asks for one JSON value of this JSON Schema as the text of the reply. */
  responseSchema?: { name: string; schema: JsonObject }
  /** Includes reasoning tokens, on every provider. */
  maxOutputTokens: number
  /** Left out for models that accept no sampling parameters. */
  temperature?: number
  reasoning?: ReasoningSetting
  /** False asks for one tool call at a time. */
  parallelToolCalls?: boolean
  timeouts?: Partial<ModelTimeouts>
  /** Calls that share a prompt prefix share this key, so that they reach the same cache. See `endsPrefix`. */
  cacheKey?: string
}

export type ModelCallOptions = {
  signal: AbortSignal
  /** Pieces of the reply's text in order; joined they equal `replyText(reply)`. */
  onText?: (delta: string) => void
  /**
   * Asked by whoever holds a call back before it goes out: its outcome where its lane has closed meanwhile, and it is not to be
   * made any more; else null.
   */
  instead?: () => ModelFailure | null
}

/** Why a model would not answer, as far as its provider says. */
export type Refusal = { category?: string; explanation?: string }

export type StopReason = 'end' | 'tool_calls' | 'max_tokens' | 'refusal'

/** `inputTokens` includes cached and cache-writing ones, `outputTokens` includes reasoning ones. */
export type TokenUsage = Pick<
  Usage,
  'inputTokens' | 'cachedInputTokens' | 'cacheWriteTokens' | 'outputTokens' | 'reasoningTokens'
>

export const NO_TOKENS: TokenUsage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
}

/** One bucket of a provider's rate limit, as its response headers told it. */
export type RateLimit = { limit?: number; remaining?: number; resetMs?: number }
export type RateLimits = { requests?: RateLimit; tokens?: RateLimit; inputTokens?: RateLimit; outputTokens?: RateLimit }

export type ModelReply = {
  content: ReplyPart[]
  stopReason: StopReason
  /** The provider's own word for it, such as `model_context_window_exceeded`. */
  providerStop?: string
  /** With the stop reason `refusal`. */
  refusal?: Refusal
  usage: TokenUsage
  /** The provider told no usage, or not all of it: counted here. */
  usageEstimated?: true
  /** The value of `replyText`, where the request had a `responseSchema` and the reply ended normally. */
  structured?: Json
  model: string
  provider: ProviderName
  simulated: boolean
  firstTokenMs?: number
  /** The reference of the model that answered, where several could have: its price is the one that holds. */
  ref?: string
}

/** A call that did not answer, or was not made, on the way to an outcome: why the next one was tried, or none. */
export type Hop = Readonly<{
  ref: string
  /** `passed_over` was not called: its lane is closed or its circuit open. */
  is: 'failed' | 'passed_over'
  code: Failure['code']
  message: string
  /** Milliseconds since the epoch. */
  at: number
  usage?: TokenUsage
  usageEstimated?: true
}>

/**
 * A failure is a value; `call` rejects only for bugs. `usage` is what the failed call has cost as far as known, or as
 * estimated from what was sent and received. `raw` is the text that could not be understood (`model_malformed`).
 */
export type ModelFailure = {
  ok: false
  failure: Failure
  usage?: TokenUsage
  usageEstimated?: true
  /** The request was sent, and the call given up or broken off before any usage was told: it may have cost something. */
  usageUnknown?: true
  raw?: string
  limits?: RateLimits
  hops?: readonly Hop[]
  /**
   * No call was made, its lane or every lane is closed: ask again at `until` (milliseconds since the epoch), with the booking.
   * `circuit`: that lane is not closed, but its circuit open.
   */
  wait?: Readonly<{ laneId: string; until: number; circuit?: true }>
}
export type ModelOutcome = { ok: true; reply: ModelReply; limits?: RateLimits; hops?: readonly Hop[] } | ModelFailure

export type ProviderName = 'anthropic' | 'openai' | 'openai-compatible' | 'offline' | 'scripted' | 'noop'

export interface ModelProvider {
  readonly name: ProviderName
  /** No model stands behind it: every surface that shows its output says so. */
  readonly simulated: boolean
  /** Images and PDFs are nothing to it. */
  readonly textOnly?: true
  /** Loads its SDK, which would hold up the whole process at its first call. */
  load?(): Promise<void>
  call(request: ModelRequest, options: ModelCallOptions): Promise<ModelOutcome>
}

export const userText = (text: string): UserMessage => ({ role: 'user', content: [{ type: 'text', text }] })

export const replyText = (reply: { content: readonly ReplyPart[] }): string =>
  reply.content.reduce((text, part) => (part.type === 'text' ? text + part.text : text), '')

export const replyToolCalls = (reply: { content: readonly ReplyPart[] }): ToolCallPart[] =>
  reply.content.filter((part) => part.type === 'tool_call')

/** The reply as the assistant's turn of the conversation that goes on; reasoning keeps its place. */
export const assistantTurn = (reply: { content: ReplyPart[] }): AssistantMessage => ({
  role: 'assistant',
  content: reply.content,
})
