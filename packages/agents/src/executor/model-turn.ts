import {
  NO_USAGE,
  checkBudget,
  describeBudgetStop,
  type BudgetLimits,
  type Failure,
  type Usage,
} from '@flotilla/domain'
import {
  NO_TOKENS,
  replyText,
  replyToolCalls,
  type Message,
  type ModelReply,
  type TokenUsage,
  type ToolSpec,
} from '@flotilla/llm'
import type { ContextRecord } from '../context/context-record.ts'
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
  cacheKey: string
  signal: AbortSignal
}>

export type ModelTurnOutcome =
  | Readonly<{ ok: true; turn: Turn; reply: ModelReply }>
  | Readonly<{ ok: false; failure: Failure; usage: Usage }>

type Deps = Pick<ExecutorDeps, 'provider' | 'model' | 'modelRef' | 'costOf' | 'onText' | 'now'>

/** One model call as a turn for the record. */
export async function callModel(deps: Deps, input: ModelTurnInput): Promise<ModelTurnOutcome> {
  const { conversation, delta, tools } = input
  const number = conversation.turns + 1
  const startedAt = deps.now().toISOString()
  const { onText } = deps
  const outcome = await deps.provider.call(
    {
      model: deps.model,
      system: conversation.system,
      messages: [...conversation.messages, ...delta],
      ...(tools.length > 0 && { tools: [...tools] }),
      maxOutputTokens: input.maxOutputTokens,
      cacheKey: input.cacheKey,
    },
    { signal: input.signal, ...(onText && { onText: (text: string) => onText(text, number) }) },
  )
  if (!outcome.ok) {
    const usage = outcome.usage === undefined ? { ...NO_USAGE, modelCalls: 1 } : usageOf(deps, outcome.usage)
    return { ok: false, failure: outcome.failure, usage }
  }
  const { content, model, provider, simulated } = outcome.reply
  const turn: Turn = {
    turn: number,
    model: deps.modelRef,
    request: { ...(conversation.turns === 0 && { system: conversation.system }), messages: delta },
    reply: { content, model, provider, simulated },
    stopReason: outcome.reply.stopReason,
    usage: usageOf(deps, outcome.reply.usage),
    context: input.context,
    startedAt,
  }
  return { ok: true, turn, reply: outcome.reply }
}

const usageOf = (deps: Pick<ExecutorDeps, 'costOf'>, tokens: TokenUsage): Usage => ({
  ...NO_TOKENS,
  ...tokens,
  toolCalls: 0,
  modelCalls: 1,
  costUsd: deps.costOf(tokens),
})

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

function refusalText(reply: ModelReply): string {
  const text = replyText(reply).trim()
  return text === '' ? '' : `: ${text.slice(0, 300)}`
}

/** Why no model call may begin, or null. */
export async function modelBudgetStop(
  deps: Pick<ExecutorDeps, 'spending'>,
  limits: Readonly<{ run: BudgetLimits; task: BudgetLimits }>,
): Promise<Failure | null> {
  const spending = await deps.spending()
  for (const scope of ['run', 'task'] as const) {
    const check = checkBudget(scope, limits[scope], spending[scope], 'model')
    if (!check.ok) return { code: 'budget_exceeded', message: describeBudgetStop(check) }
  }
  return null
}
