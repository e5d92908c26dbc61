import type { Failure, JsonObject } from '@flotilla/domain'
import {
  NO_TOKENS,
  type ModelCallOptions,
  type ModelFailure,
  type ModelOutcome,
  type ModelProvider,
  type ModelRequest,
  type ReplyPart,
  type StopReason,
  type TokenUsage,
} from '../port.ts'
import { roughRequestTokens, roughTokens } from '../tokens.ts'
import { modelFailure, type CallIdentity } from './failure.ts'
import { checkStructuredReply } from './structured-reply.ts'

/** What the model does in one call; nothing given means an empty reply. */
export type ScriptedStep = {
  text?: string
  toolCalls?: { name: string; arguments: JsonObject; id?: string }[]
  stopReason?: StopReason
  /** Returned as the outcome instead of a reply, after the delay. */
  failure?: Failure
  delayMs?: number
  /** Answers when this settles. */
  until?: PromiseLike<unknown>
  /** Never answers: ends only by the caller's signal. */
  untilSignal?: boolean
  /** Tokens not given are made up from the texts. */
  usage?: Partial<TokenUsage>
}

export type ScriptFunction = (request: ModelRequest, callIndex: number) => ScriptedStep | Promise<ScriptedStep>
export type Script = ScriptFunction | readonly (ScriptedStep | ScriptFunction)[]

export type ScriptedCall = { index: number; request: ModelRequest; outcome?: ModelOutcome }
export type ScriptedProvider = ModelProvider & { readonly journal: readonly ScriptedCall[] }

/** A model that follows a script and keeps a journal of what it was asked. Same script, same answers. */
export function createScriptedProvider(options: { script: Script }): ScriptedProvider {
  const journal: ScriptedCall[] = []
  return {
    name: 'scripted',
    simulated: true,
    journal,
    call: async (request, callOptions) => {
      const entry: ScriptedCall = { index: journal.length, request: structuredClone(request) }
      journal.push(entry)
      const outcome = await play(options.script, request, entry.index, callOptions)
      entry.outcome = outcome
      return outcome
    },
  }
}

const identity = (request: ModelRequest): CallIdentity => ({
  provider: 'scripted',
  model: request.model,
  keyVariable: '',
  address: 'the script',
  secrets: [],
})

async function play(
  script: Script,
  request: ModelRequest,
  index: number,
  options: ModelCallOptions,
): Promise<ModelOutcome> {
  const step = await stepOf(script, request, index)
  if (!step) {
    return modelFailure(identity(request), 'model_bad_request', `has no step in its script for call ${index + 1}`, {
      todo: 'add a step to the script',
    })
  }
  if (!(await patience(step, options.signal))) return cancelled(request)
  if (step.failure) return { ok: false, failure: step.failure }
  for (const delta of step.text?.split(/(?<=\s)(?=\S)/) ?? []) {
    if (options.signal.aborted) return cancelled(request)
    options.onText?.(delta)
    await Promise.resolve()
  }
  return options.signal.aborted ? cancelled(request) : reply(request, step, index)
}

async function stepOf(script: Script, request: ModelRequest, index: number): Promise<ScriptedStep | undefined> {
  const step = typeof script === 'function' ? script : script[index]
  return typeof step === 'function' ? step(request, index) : step
}

/** Waits as the step says; false when the caller called off first. */
async function patience(step: ScriptedStep, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  const { delayMs, until, untilSignal } = step
  if (delayMs === undefined && until === undefined && !untilSignal) return true
  let timer: NodeJS.Timeout | undefined
  const aborted = Promise.withResolvers<false>()
  const abort = (): void => aborted.resolve(false)
  signal.addEventListener('abort', abort, { once: true })
  const delay = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs ?? 0)
  })
  const ready = untilSignal ? aborted.promise : Promise.all([delay, until]).then(() => true as const)
  try {
    return await Promise.race([aborted.promise, ready])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

const cancelled = (request: ModelRequest): ModelFailure =>
  modelFailure(identity(request), 'cancelled', 'was called off by the caller', { todo: 'nothing to do' })

async function reply(request: ModelRequest, step: ScriptedStep, index: number): Promise<ModelOutcome> {
  const calls: ReplyPart[] = (step.toolCalls ?? []).map((call, position) => ({
    type: 'tool_call',
    id: call.id ?? `call_${index}_${position}`,
    name: call.name,
    arguments: call.arguments,
  }))
  const content: ReplyPart[] = [...(step.text ? [{ type: 'text' as const, text: step.text }] : []), ...calls]
  const stopReason = step.stopReason ?? (calls.length > 0 ? 'tool_calls' : 'end')
  const usage = { ...NO_TOKENS, ...madeUpUsage(request, content), ...step.usage }
  const structured = await checkStructuredReply(identity(request), request, { content, stopReason, usage })
  if (structured && !structured.ok) return structured
  const told = { content, stopReason, usage, model: request.model, provider: 'scripted' as const, simulated: true }
  return { ok: true, reply: structured ? { ...told, structured: structured.value } : told }
}

const madeUpUsage = (
  request: ModelRequest,
  content: ReplyPart[],
): Pick<TokenUsage, 'inputTokens' | 'outputTokens'> => ({
  inputTokens: roughRequestTokens(request),
  outputTokens: Math.max(1, roughTokens(JSON.stringify(content))),
})
