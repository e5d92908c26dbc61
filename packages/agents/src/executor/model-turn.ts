import type { Failure, ModelSettings, Usage } from '@flotilla/domain'
import { loadMedia, replyText, replyToolCalls, type Message, type ModelReply, type ToolSpec } from '@flotilla/llm'
import type { ContextRecord } from '../context/context-record.ts'
import { settingsOf, type CallOptions, type CallRefusal } from '../model-call.ts'
import type { Turn } from './attempt-outcome.ts'
import type { Conversation } from './conversation.ts'
import type { ExecutorDeps } from './executor-deps.ts'

export type ModelTurnInput = Readonly<{
  conversation: Conversation
  /** What the model has not seen yet. */
  delta: readonly Message[]
  context: ContextRecord | null
  tools: readonly ToolSpec[]
  maxOutputTokens: number
  settings: ModelSettings
  cacheKey: string
  signal: AbortSignal
}>

export type ModelTurnOutcome =
  | Readonly<{ kind: 'reply'; turn: Turn; reply: ModelReply; usage: Usage }>
  | Readonly<{ kind: 'failed'; failure: Failure; usage: Usage }>
  | Readonly<{ kind: 'refused'; refusal: CallRefusal; usage: Usage }>

type Deps = Pick<ExecutorDeps, 'call' | 'loadMedia' | 'onText' | 'onRestart' | 'now'>

/** One model call as a turn for the record. `usage` is that of all its tries. */
export async function callModel(deps: Deps, input: ModelTurnInput): Promise<ModelTurnOutcome> {
  const { conversation, delta, tools } = input
  const number = conversation.turns + 1
  const startedAt = deps.now().toISOString()
  const messages = await loadMedia([...conversation.messages, ...delta], deps.loadMedia)
  const { outcome, modelRef, usage, refusal } = await deps.call(
    {
      system: conversation.system,
      messages,
      ...(tools.length > 0 && { tools: [...tools] }),
      maxOutputTokens: input.maxOutputTokens,
      ...settingsOf(input.settings),
      cacheKey: input.cacheKey,
    },
    { signal: input.signal, ...wordsOf(deps, number) },
  )
  if (refusal !== null) return { kind: 'refused', refusal, usage }
  if (!outcome.ok) return { kind: 'failed', failure: outcome.failure, usage }
  const turn: Turn = {
    turn: number,
    model: modelRef,
    request: {
      ...(conversation.turns === 0 && { system: conversation.system }),
      messages: delta,
      ...settingsOf(input.settings),
    },
    reply: recordedReply(outcome.reply),
    stopReason: outcome.reply.stopReason,
    usage,
    context: input.context,
    startedAt,
    ...(outcome.hops && { hops: outcome.hops }),
  }
  return { kind: 'reply', turn, reply: outcome.reply, usage }
}

const recordedReply = (reply: ModelReply): Turn['reply'] => {
  const { content, model, provider, simulated, refusal, providerStop, firstTokenMs } = reply
  return {
    content,
    model,
    provider,
    simulated,
    ...(refusal && { refusal }),
    ...(providerStop !== undefined && { providerStop }),
    ...(firstTokenMs !== undefined && { firstTokenMs }),
  }
}

/** The words of one turn as they come, and that they begin anew. */
function wordsOf({ onText, onRestart }: Deps, turn: number): Pick<CallOptions, 'onText' | 'onRestart'> {
  let told = 0
  if (onText === undefined) return {}
  const hear = (text: string): void => {
    told += text.length
    onText(text, turn)
  }
  const restart = (): void => {
    onRestart?.(told, turn)
    told = 0
  }
  return { onText: hear, ...(onRestart && { onRestart: restart }) }
}

/** What a reply is worth that is not to be gone on with, or null when it is in order. An empty answer is no success. */
export function replyFailure(reply: ModelReply, maxOutputTokens: number): Failure | null {
  switch (reply.stopReason) {
    case 'max_tokens':
      return {
        code: 'model_truncated',
        message: `the answer of ${reply.model} was cut off at ${maxOutputTokens} tokens: raise the agent's maxOutputTokens, or ask for less`,
      }
    case 'refusal':
      return { code: 'model_refused', message: `${reply.model} refused to answer${refusalText(reply)}` }
    case 'end':
    case 'tool_calls':
      if (replyToolCalls(reply).length > 0 || replyText(reply).trim() !== '') return null
      return { code: 'model_malformed', message: `${reply.model} gave an empty answer` }
  }
}

/** Whether a reply was cut off with something to go on from: a model that has only thought begins anew. */
export const canGoOn = (reply: ModelReply): boolean =>
  reply.stopReason === 'max_tokens' && (replyToolCalls(reply).length > 0 || replyText(reply).trim() !== '')

/** What its provider says of it, else what the model said. */
function refusalText(reply: ModelReply): string {
  const { category, explanation } = reply.refusal ?? {}
  const text = explanation?.trim() || replyText(reply).trim()
  return `${category === undefined ? '' : ` (${category})`}${text === '' ? '' : `: ${text.slice(0, 300)}`}`
}
