import { setImmediate, setTimeout } from 'node:timers/promises'
import type { JsonObject } from '@flotilla/domain'
import { textOnly } from '../media.ts'
import {
  NO_TOKENS,
  type ModelCallOptions,
  type ModelOutcome,
  type ModelProvider,
  type ModelRequest,
  type ReplyPart,
  type StopReason,
} from '../port.ts'
import { countRequestTokens, countTokens } from '../tokens.ts'
import { checkStructuredReply } from '../providers/structured-reply.ts'
import { modelFailure, type CallIdentity } from '../providers/failure.ts'
import { nextStep } from './agent-turn.ts'
import { fillSchema } from './fill-schema.ts'
import { judgeOutput } from './judge-output.ts'
import { readMaterial, type Material } from './material.ts'
import { planOffline } from './plans/plan-offline.ts'
import { readPlanRequest } from './plans/plan-request.ts'
import { parseSections, sectionText } from './sections.ts'
import { writeAnswer } from './write-answer.ts'

export type OfflineOptions = Readonly<{
  /** How fast the text is streamed, in tokens a second; as fast as it can be read when left out. */
  tokensPerSecond?: number
}>

/**
 * The built-in model: no network, no weights, the same answer to the same request. It reads the prompt as any model does
 * and answers by rule, as planner, agent or judge: by the prompt's mode, else by the schema that is asked for.
 */
export const createOfflineProvider = (options: OfflineOptions = {}): ModelProvider => ({
  name: 'offline',
  simulated: true,
  textOnly: true,
  call: (request, callOptions) => answer(request, callOptions, options),
})

const identity = (request: ModelRequest): CallIdentity => ({
  provider: 'offline',
  model: request.model,
  keyVariable: '',
  address: 'this process',
  secrets: [],
})

type Said = Readonly<{ content: ReplyPart[]; stopReason: StopReason }>

async function answer(asked: ModelRequest, options: ModelCallOptions, speed: OfflineOptions): Promise<ModelOutcome> {
  const started = performance.now()
  const { request, unreadable } = textOnly(asked)
  if (options.signal.aborted) return cancelled(request)
  if (unreadable !== undefined)
    return modelFailure(identity(request), 'model_bad_request', `cannot read ${unreadable}`, {
      todo: 'choose another model, or leave them out',
    })
  const said = say(request)
  if (said.content.every((part) => part.type === 'text' && part.text === ''))
    return modelFailure(identity(request), 'model_bad_request', 'was asked nothing: the prompt is empty', {
      todo: 'give it a task',
    })
  const streamed = await stream(said, options, speed.tokensPerSecond, started)
  if (!streamed.complete) return cancelled(request)
  const usage = {
    ...NO_TOKENS,
    inputTokens: countRequestTokens(request),
    outputTokens: Math.max(1, countTokens(textOf(said))),
  }
  const structured = await checkStructuredReply(identity(request), request, { ...said, usage })
  if (structured && !structured.ok) return structured
  const reply = {
    ...said,
    usage,
    model: request.model,
    provider: 'offline' as const,
    simulated: true,
    firstTokenMs: streamed.firstTokenMs,
  }
  return { ok: true, reply: structured ? { ...reply, structured: structured.value } : reply }
}

const cancelled = (request: ModelRequest): ModelOutcome =>
  modelFailure(identity(request), 'cancelled', 'was called off by the caller', { todo: 'nothing to do' })

const textOf = ({ content }: Said): string =>
  content
    .map((part) => (part.type === 'text' ? part.text : part.type === 'tool_call' ? JSON.stringify(part.arguments) : ''))
    .join('\n')

/** Gives way between pieces, so that an abort is heard and nothing else in the process has to wait. */
async function stream(
  said: Said,
  { signal, onText }: ModelCallOptions,
  tokensPerSecond: number | undefined,
  started: number,
) {
  let firstTokenMs = 0
  for (const part of said.content) {
    if (part.type !== 'text') continue
    for (const piece of part.text.match(/[\s\S]{1,40}(?=\s)|[\s\S]{1,40}/gu) ?? []) {
      if (signal.aborted) return { complete: false, firstTokenMs }
      firstTokenMs ||= Math.max(1, Math.round(performance.now() - started))
      onText?.(piece)
      await pause(tokensPerSecond === undefined ? 0 : (countTokens(piece) / tokensPerSecond) * 1_000, signal)
    }
  }
  return { complete: !signal.aborted, firstTokenMs }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return setImmediate()
  // The abort itself is seen by the loop.
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}

function say(request: ModelRequest): Said {
  const mode = modeOf(request)
  if (mode === 'COORDINATOR') return sayJson(planned(request), request)
  if (mode === 'VERIFIER') return sayJson(judgeOutput(request), request)
  const material = readMaterial(request)
  if (request.responseSchema)
    return sayJson(fillSchema(request.responseSchema.schema, material.statements, material.task.text), request)
  if (material.task.text === '' && material.goal === '') return sayText('', request)
  return agentTurn(request, material)
}

const planned = (request: ModelRequest): JsonObject => planOffline(readPlanRequest(request))

type Mode = 'COORDINATOR' | 'VERIFIER' | 'TASK_EXECUTION'

function modeOf(request: ModelRequest): Mode {
  const [message] = request.messages
  const prompt = (message?.content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const said = sectionText(parseSections(prompt), 'mode')
  if (said === 'COORDINATOR' || said === 'VERIFIER' || said === 'TASK_EXECUTION') return said
  const properties = request.responseSchema?.schema['properties']
  const asked = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  if (asked.includes('tasks')) return 'COORDINATOR'
  return asked.includes('score') && asked.includes('rationale') ? 'VERIFIER' : 'TASK_EXECUTION'
}

function agentTurn(request: ModelRequest, material: Material): Said {
  const step = nextStep(request, material)
  const turn = request.messages.length
  if (step.kind === 'call')
    return calling(step.calls.map((call, i) => ({ type: 'tool_call', id: `offline_${turn}_${i}`, ...call })))
  const text = taskText(request, material)
  if (step.kind === 'answer') return sayText(text, request)
  return calling([
    {
      type: 'tool_call',
      id: `offline_${turn}_0`,
      name: 'write_artifact',
      arguments: { name: step.name, content: text },
    },
  ])
}

const calling = (content: ReplyPart[]): Said => ({ content, stopReason: 'tool_calls' })

/** A task whose answer must be JSON gets JSON and nothing else, so it cannot carry the label: its `simulated` mark does. */
function taskText(request: ModelRequest, material: Material): string {
  const schema = material.criteria.find(({ rule }) => rule === 'jsonSchema')
  const parsed = schema === undefined ? null : schemaIn(schema.text)
  if (parsed !== null) return JSON.stringify(fillSchema(parsed, material.statements, material.task.text), null, 2)
  return writeAnswer(material, { fits: (text) => countTokens(text) <= request.maxOutputTokens })
}

function schemaIn(text: string): JsonObject | null {
  const start = text.indexOf('{')
  if (start < 0) return null
  try {
    return JSON.parse(text.slice(start)) as JsonObject
  } catch {
    return null
  }
}

const sayJson = (value: unknown, request: ModelRequest): Said => sayText(JSON.stringify(value), request)

/** Never says more than it may: what is longer is cut, and says so as any model does. */
function sayText(text: string, request: ModelRequest): Said {
  if (countTokens(text) <= request.maxOutputTokens) return { content: [{ type: 'text', text }], stopReason: 'end' }
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (countTokens(text.slice(0, middle)) <= request.maxOutputTokens) low = middle
    else high = middle - 1
  }
  return { content: [{ type: 'text', text: text.slice(0, low).toWellFormed() }], stopReason: 'max_tokens' }
}
