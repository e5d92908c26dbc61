import type Anthropic from '@anthropic-ai/sdk'
import type { JsonObject } from '@flotilla/domain'
import type { Refusal, StopReason, TokenUsage } from '../port.ts'
import type { CallIdentity } from './failure.ts'
import { finishReply, type PendingPart } from './pending-calls.ts'
import type { FoldEnd, StreamFold } from './stream-call.ts'

type Event = Anthropic.RawMessageStreamEvent
type Usage = Partial<Anthropic.Usage> | Partial<Anthropic.MessageDeltaUsage>

const STOP_REASONS: Record<Anthropic.StopReason, StopReason> = {
  end_turn: 'end',
  stop_sequence: 'end',
  pause_turn: 'end',
  tool_use: 'tool_calls',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'max_tokens',
  refusal: 'refusal',
}

/** Anthropic counts cached and cache-writing tokens beside `input_tokens`; the port counts them in. */
function addUsage(known: AnthropicTokens, told: Usage): AnthropicTokens {
  return {
    input: told.input_tokens ?? known.input,
    read: told.cache_read_input_tokens ?? known.read,
    write: told.cache_creation_input_tokens ?? known.write,
    output: told.output_tokens ?? known.output,
    thinking: told.output_tokens_details?.thinking_tokens ?? known.thinking,
  }
}

type AnthropicTokens = { input: number; read: number; write: number; output: number; thinking: number }

const toTokenUsage = (tokens: AnthropicTokens): TokenUsage => ({
  inputTokens: tokens.input + tokens.read + tokens.write,
  cachedInputTokens: tokens.read,
  cacheWriteTokens: tokens.write,
  outputTokens: tokens.output,
  reasoningTokens: tokens.thinking,
})

type Thinking = { type: 'thinking'; thinking: string; signature: string }

/** A reply while it arrives. `received` is all that the model wrote, for estimates of a reply that never ends. */
type Arriving = {
  blocks: Map<number, PendingPart | Thinking>
  tokens: AnthropicTokens
  model: string
  started: boolean
  finished: boolean
  stopReason: StopReason | undefined
  providerStop: string | undefined
  refusal: Refusal | undefined
  received: string
}

export function foldAnthropic(who: CallIdentity): StreamFold<Event> {
  const reply: Arriving = {
    blocks: new Map(),
    tokens: { input: 0, read: 0, write: 0, output: 0, thinking: 0 },
    model: who.model,
    started: false,
    finished: false,
    stopReason: undefined,
    providerStop: undefined,
    refusal: undefined,
    received: '',
  }
  return {
    push: (event) => push(who, reply, event),
    end: (): FoldEnd => {
      const { stopReason, providerStop, refusal, finished, blocks, tokens, model } = reply
      if (!finished || stopReason === undefined) return { is: 'cut' }
      const parts = inOrder(blocks).map((block) => settle(who, block))
      const why = { ...(providerStop && { providerStop }), ...(stopReason === 'refusal' && { refusal: refusal ?? {} }) }
      return finishReply(who, { parts, stopReason, ...why, usage: toTokenUsage(tokens), model })
    },
    partial: () => ({ received: reply.received, ...(reply.started && { usage: toTokenUsage(reply.tokens) }) }),
  }
}

function push(who: CallIdentity, reply: Arriving, event: Event): { content: boolean; text?: string } {
  switch (event.type) {
    case 'message_start':
      reply.started = true
      reply.model = event.message.model
      reply.tokens = addUsage(reply.tokens, event.message.usage)
      return { content: false }
    case 'content_block_start':
      return { content: true, text: openBlock(who, reply, event) }
    case 'content_block_delta':
      return { content: true, text: extendBlock(reply, event) }
    case 'message_delta':
      reply.tokens = addUsage(reply.tokens, event.usage)
      noteStop(reply, event.delta)
      return { content: false, text: explainRefusal(reply, event.delta) }
    case 'message_stop':
      reply.finished = true
      return { content: false }
    default:
      return { content: false }
  }
}

function openBlock(who: CallIdentity, reply: Arriving, event: Anthropic.RawContentBlockStartEvent): string {
  const { content_block: block, index } = event
  switch (block.type) {
    case 'text':
      reply.blocks.set(index, { type: 'text', text: block.text })
      return block.text
    case 'tool_use':
      reply.blocks.set(index, { type: 'pending_call', id: block.id, name: block.name, json: '' })
      return ''
    case 'thinking':
      reply.blocks.set(index, { type: 'thinking', thinking: block.thinking, signature: block.signature })
      return ''
    case 'redacted_thinking':
      reply.blocks.set(index, reasoning(who, { type: 'redacted_thinking', data: block.data }))
      return ''
    default:
      return ''
  }
}

/** Returns what was added to the text; deltas of other kinds add to their block alone. */
function extendBlock(reply: Arriving, event: Anthropic.RawContentBlockDeltaEvent): string {
  const block = reply.blocks.get(event.index)
  const { delta } = event
  if (delta.type === 'text_delta' && block?.type === 'text') {
    block.text += delta.text
    reply.received += delta.text
    return delta.text
  }
  if (delta.type === 'input_json_delta' && block?.type === 'pending_call') {
    block.json += delta.partial_json
    reply.received += delta.partial_json
  } else if (delta.type === 'thinking_delta' && block?.type === 'thinking') {
    block.thinking += delta.thinking
    reply.received += delta.thinking
  } else if (delta.type === 'signature_delta' && block?.type === 'thinking') {
    block.signature += delta.signature
  }
  return ''
}

function noteStop(reply: Arriving, { stop_reason, stop_details }: Anthropic.RawMessageDeltaEvent.Delta): void {
  if (stop_reason === null) return
  reply.stopReason = STOP_REASONS[stop_reason] ?? 'end'
  reply.providerStop = stop_reason
  if (stop_reason !== 'refusal') return
  const { category, explanation } = stop_details ?? {}
  reply.refusal = { ...(category && { category }), ...(explanation && { explanation }) }
}

/** A refusal without a word gets the API's explanation as its text. */
function explainRefusal(reply: Arriving, delta: Anthropic.RawMessageDeltaEvent.Delta): string {
  const refusedSilently = delta.stop_reason === 'refusal' && reply.received === ''
  const why = refusedSilently ? (delta.stop_details?.explanation ?? '') : ''
  if (why !== '') reply.blocks.set(reply.blocks.size, { type: 'text', text: why })
  return why
}

const inOrder = <T>(byIndex: ReadonlyMap<number, T>): T[] =>
  [...byIndex.entries()].toSorted(([a], [b]) => a - b).map(([, value]) => value)

const settle = (who: CallIdentity, block: PendingPart | Thinking): PendingPart =>
  block.type === 'thinking' ? reasoning(who, { ...block }) : block

const reasoning = (who: CallIdentity, payload: JsonObject): PendingPart => ({
  type: 'reasoning',
  provider: who.provider,
  model: who.model,
  payload,
})
