import type OpenAI from 'openai'
import type { ModelRequest, StopReason, TokenUsage } from '../port.ts'
import { countRequestTokens, countTokens } from '../tokens.ts'
import type { CallIdentity } from './failure.ts'
import { finishReply, type PendingCall, type PendingPart } from './pending-calls.ts'
import type { FoldEnd, Folded, StreamFold } from './stream-call.ts'

type Chunk = OpenAI.Chat.ChatCompletionChunk
type Choice = OpenAI.Chat.ChatCompletionChunk.Choice
type Delta = OpenAI.Chat.ChatCompletionChunk.Choice.Delta
type CallDelta = OpenAI.Chat.ChatCompletionChunk.Choice.Delta.ToolCall

const STOP_REASONS: Record<NonNullable<Choice['finish_reason']>, StopReason> = {
  stop: 'end',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  length: 'max_tokens',
  content_filter: 'refusal',
}

function toTokenUsage(usage: OpenAI.CompletionUsage): TokenUsage {
  return {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
    cacheWriteTokens: usage.prompt_tokens_details?.cache_write_tokens ?? 0,
    outputTokens: usage.completion_tokens,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
  }
}

/** A reply while it arrives; `received` is all that the model wrote. */
type Arriving = {
  calls: Map<number, PendingCall>
  text: string
  received: string
  refused: boolean
  stopReason: StopReason | undefined
  providerStop: string | undefined
  usage: TokenUsage | undefined
  model: string
}

/**
 * Chunks of a compatible server. Only the first choice counts. Usage comes in a last chunk, in every chunk, or not at
 * all, and is then counted here. Reasoning that some servers send beside the answer is not kept: none takes it back.
 */
export function foldChat(who: CallIdentity, request: ModelRequest): StreamFold<Chunk> {
  const reply: Arriving = {
    calls: new Map(),
    text: '',
    received: '',
    refused: false,
    stopReason: undefined,
    providerStop: undefined,
    usage: undefined,
    model: who.model,
  }
  return {
    push: (chunk) => push(reply, chunk),
    end: (): FoldEnd => {
      const { stopReason, usage, text, calls, refused, model, received } = reply
      if (stopReason === undefined) return { is: 'cut' }
      const parts: PendingPart[] = [{ type: 'text', text }, ...calls.values()]
      const counted = usage ? { usage } : { usage: countHere(request, received), usageEstimated: true as const }
      return finishReply(who, { parts, ...stopOf(reply, refused ? 'refusal' : stopReason), model, ...counted })
    },
    partial: () => ({ received: reply.received, ...(reply.usage && { usage: reply.usage }) }),
  }
}

function stopOf(reply: Arriving, stopReason: StopReason): Pick<Folded, 'stopReason' | 'providerStop' | 'refusal'> {
  const { providerStop, refused, text } = reply
  const why = refused ? { explanation: text } : { category: providerStop ?? 'content_filter' }
  return { stopReason, ...(providerStop && { providerStop }), ...(stopReason === 'refusal' && { refusal: why }) }
}

/** Servers leave fields out that the SDK's types promise: choices, their index, their delta. */
function push(reply: Arriving, chunk: Chunk): { content: boolean; text?: string } {
  if (chunk.usage) reply.usage = toTokenUsage(chunk.usage)
  if (chunk.model) reply.model = chunk.model
  const choice = chunk.choices?.find((candidate) => (candidate.index ?? 0) === 0)
  if (!choice) return { content: false }
  if (choice.finish_reason) {
    reply.stopReason = STOP_REASONS[choice.finish_reason] ?? 'end'
    reply.providerStop = choice.finish_reason
  }
  const delta: Delta = choice.delta ?? {}
  return { content: isContent(delta), text: addDelta(reply, delta) }
}

function addDelta(reply: Arriving, delta: Delta): string {
  for (const call of delta.tool_calls ?? []) addCall(reply, call)
  if (delta.refusal) reply.refused = true
  const added = (delta.content ?? '') + (delta.refusal ?? '')
  reply.text += added
  reply.received += added
  return added
}

function addCall(reply: Arriving, delta: CallDelta): void {
  const { calls } = reply
  // Some servers leave the index out and send each call whole.
  const index = delta.index ?? calls.size
  const call = calls.get(index) ?? { type: 'pending_call', id: delta.id ?? `call_${index}`, name: '', json: '' }
  call.name ||= delta.function?.name ?? ''
  call.json += delta.function?.arguments ?? ''
  reply.received += delta.function?.arguments ?? ''
  calls.set(index, call)
}

/** The first chunk usually carries the role alone, sent before the model has begun. */
const isContent = (delta: Delta): boolean =>
  Object.entries(delta).some(([field, value]) => field !== 'role' && value !== null && value !== '')

const countHere = (request: ModelRequest, received: string): TokenUsage => ({
  inputTokens: countRequestTokens(request),
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: countTokens(received),
  reasoningTokens: 0,
})
