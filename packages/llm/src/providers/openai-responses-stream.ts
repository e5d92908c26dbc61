import type { JsonObject } from '@flotilla/domain'
import type OpenAI from 'openai'
import { NO_TOKENS, type ModelFailure, type StopReason, type TokenUsage } from '../port.ts'
import { errorCodeOf, modelFailure, quotaTodo, type CallIdentity } from './failure.ts'
import { finishReply, type PendingPart } from './pending-calls.ts'
import type { FoldEnd, Folded, StreamFold } from './stream-call.ts'

type Event = OpenAI.Responses.ResponseStreamEvent
type Response = OpenAI.Responses.Response
type Item = OpenAI.Responses.ResponseOutputItem

function toTokenUsage(usage: OpenAI.Responses.ResponseUsage | undefined): TokenUsage {
  if (!usage) return NO_TOKENS
  return {
    inputTokens: usage.input_tokens,
    cachedInputTokens: usage.input_tokens_details?.cached_tokens ?? 0,
    cacheWriteTokens: usage.input_tokens_details?.cache_write_tokens ?? 0,
    outputTokens: usage.output_tokens,
    reasoningTokens: usage.output_tokens_details?.reasoning_tokens ?? 0,
  }
}

/** The parts of a finished output item; a refusal is text that stands for the answer. */
function partsOf(who: CallIdentity, item: Item): PendingPart[] {
  switch (item.type) {
    case 'message':
      return item.content.map((part) => ({ type: 'text', text: part.type === 'refusal' ? part.refusal : part.text }))
    case 'function_call':
      return [{ type: 'pending_call', id: item.call_id, name: item.name, json: item.arguments }]
    case 'reasoning':
      return [{ type: 'reasoning', provider: who.provider, model: who.model, payload: reasoningPayload(item) }]
    default:
      return []
  }
}

/** Without its status, which the API returns and does not take. */
function reasoningPayload(item: OpenAI.Responses.ResponseReasoningItem): JsonObject {
  const { status: _status, ...rest } = item
  return rest as unknown as JsonObject
}

/** A reply while it arrives; `received` is all that the model wrote. */
type Arriving = {
  items: Map<number, Item>
  final: Response | undefined
  failure: ModelFailure | undefined
  refused: boolean
  received: string
}

export function foldResponses(who: CallIdentity): StreamFold<Event> {
  const reply: Arriving = { items: new Map(), final: undefined, failure: undefined, refused: false, received: '' }
  return {
    push: (event) => push(who, reply, event),
    end: () => end(who, reply),
    partial: () => ({
      received: reply.received,
      ...(reply.final?.usage && { usage: toTokenUsage(reply.final.usage) }),
    }),
  }
}

function push(who: CallIdentity, reply: Arriving, event: Event): { content: boolean; text?: string } {
  switch (event.type) {
    case 'response.output_text.delta':
      reply.received += event.delta
      return { content: true, text: event.delta }
    case 'response.refusal.delta':
      reply.refused = true
      reply.received += event.delta
      return { content: true, text: event.delta }
    case 'response.function_call_arguments.delta':
      reply.received += event.delta
      return { content: true }
    case 'response.output_item.added':
      return { content: true }
    case 'response.output_item.done':
      reply.items.set(event.output_index, event.item)
      return { content: true }
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
      reply.final = event.response
      return { content: false }
    case 'error':
      reply.failure = failureOfEvent(who, event.code, event.message)
      return { content: false }
    default:
      return { content: false }
  }
}

function end(who: CallIdentity, reply: Arriving): FoldEnd {
  const { final, failure, items, refused } = reply
  if (failure) return { is: 'failed', failure }
  if (!final) return { is: 'cut' }
  if (final.status === 'failed') return { is: 'failed', failure: failureOfResponse(who, final) }
  const done = [...items.entries()].toSorted(([a], [b]) => a - b).map(([, item]) => item)
  const parts = (done.length > 0 ? done : final.output).flatMap((item) => partsOf(who, item))
  const stopReason = stopReasonOf(final, refused || hasRefusal(final))
  const model = final.model ?? who.model
  return finishReply(who, { parts, stopReason, ...whyOf(final, stopReason), usage: toTokenUsage(final.usage), model })
}

function whyOf(final: Response, stopReason: StopReason): Pick<Folded, 'providerStop' | 'refusal'> {
  const providerStop = final.incomplete_details?.reason ?? final.status
  const explanation = final.output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .find((part) => part.type === 'refusal')?.refusal
  const category = final.incomplete_details?.reason === 'content_filter' ? 'content_filter' : undefined
  return {
    ...(providerStop && { providerStop }),
    ...(stopReason === 'refusal' && {
      refusal: { ...(category && { category }), ...(explanation && { explanation }) },
    }),
  }
}

function stopReasonOf(response: Response, refused: boolean): StopReason {
  if (response.status === 'incomplete') {
    return response.incomplete_details?.reason === 'content_filter' ? 'refusal' : 'max_tokens'
  }
  return refused ? 'refusal' : 'end'
}

const hasRefusal = (response: Response): boolean =>
  response.output.some((item) => item.type === 'message' && item.content.some((part) => part.type === 'refusal'))

function failureOfResponse(who: CallIdentity, response: Response): ModelFailure {
  const { code, message } = response.error ?? { code: 'server_error', message: 'no reason given' }
  return { ...failureOfEvent(who, code, message), usage: toTokenUsage(response.usage) }
}

/** The codes that name neither the server's trouble nor a limit name something in the request. */
function failureOfEvent(who: CallIdentity, code: string | null, message: string): ModelFailure {
  const requestFault = code !== null && /^invalid_|_policy|^image_|^unsupported_/.test(code)
  const kinds = code === null ? [] : [code]
  const failureCode = requestFault ? 'model_bad_request' : errorCodeOf({ kinds })
  const happened = `failed while answering (${code ?? 'error'}: ${message})`
  return modelFailure(who, failureCode, happened, { todo: quotaTodo(who, kinds) })
}
