import type { ModelFailure, ReplyPart, TokenUsage } from '../port.ts'
import { parseToolArguments } from './conversation.ts'
import { modelFailure, type CallIdentity } from './failure.ts'
import type { FoldEnd, Folded } from './stream-call.ts'

/** A tool call while its arguments still arrive as text. */
export type PendingCall = { type: 'pending_call'; id: string; name: string; json: string }
export type PendingPart = Exclude<ReplyPart, { type: 'tool_call' }> | PendingCall

export type Finished = Omit<Folded, 'content'> & { parts: readonly PendingPart[] }

/**
 * The end of a whole reply: arguments are parsed, and a reply with tool calls stops for them whatever the server
 * called it. A reply that was cut at its length may end in half a call; that one is left out.
 */
export function finishReply(who: CallIdentity, finished: Finished): FoldEnd {
  const { parts, stopReason, ...rest } = finished
  const content: ReplyPart[] = []
  for (const part of parts) {
    if (part.type !== 'pending_call') {
      if (part.type !== 'text' || part.text !== '') content.push(part)
      continue
    }
    const parsed = parseToolArguments(part.json)
    if (parsed.ok) content.push({ type: 'tool_call', id: part.id, name: part.name, arguments: parsed.value })
    else if (stopReason !== 'max_tokens') return { is: 'failed', failure: malformedCall(who, part, finished.usage) }
  }
  const calls = content.some((part) => part.type === 'tool_call')
  const reason =
    stopReason === 'end' && calls ? 'tool_calls' : stopReason === 'tool_calls' && !calls ? 'end' : stopReason
  return { is: 'complete', folded: { ...rest, content, stopReason: reason } }
}

const malformedCall = (who: CallIdentity, call: PendingCall, usage: TokenUsage): ModelFailure =>
  modelFailure(who, 'model_malformed', `called the tool "${call.name}" with arguments that are no JSON object`, {
    raw: call.json,
    usage,
    todo: 'try again',
  })
