import type { ToolResultPart } from '@flotilla/llm'
import type { CallRefusal } from '../model-call.ts'
import { callTool, reconcileCall, type CallOutcome } from '../tools/call-tool.ts'
import type { Tool, ToolOutcome } from '../tools/tool.ts'
import type { ToolRegistry } from '../tools/tool-registry.ts'
import { AttemptAbort } from './abort-reason.ts'
import type { UnknownCall } from './attempt-outcome.ts'
import type { AskedToolCall } from './conversation.ts'
import type { ExecutorDeps } from './executor-deps.ts'

export type ToolCallInput = Readonly<{
  call: AskedToolCall
  /** The tools that the task may use. */
  tools: ToolRegistry
  effectId: string
  signal: AbortSignal
}>

export type AnsweredCall =
  | Readonly<{ kind: 'result'; result: ToolResultPart; artifacts: readonly string[] }>
  /** Whether it took effect, a person has to say. */
  | Readonly<{ kind: 'await'; unknown: UnknownCall }>
  /** Not to be answered from what is known: it is to be dispatched. */
  | Readonly<{ kind: 'open' }>
  /** Not dispatched: it does not fit the budgets, or not now. */
  | Readonly<{ kind: 'refused'; refusal: CallRefusal }>
  | Readonly<{ kind: 'lost' }>

type Deps = Pick<ExecutorDeps, 'startToolCall' | 'finishToolCall'>

/**
 * Answers a call from what is known of it: a finished one is reused; what became of an unsafe one that was begun and never
 * heard of again is found out, or left to a person. Every other call is `open`.
 */
export async function answerFromPast(deps: Deps, input: ToolCallInput): Promise<AnsweredCall> {
  const { past, part } = input.call
  if (past === null) return { kind: 'open' }
  if (past.status !== 'started')
    return answered(input, { ok: past.status === 'succeeded', text: past.result ?? '' }, NOTHING_NEW)
  const tool = input.tools.get(part.name)
  if (tool?.retry !== 'unsafe' || past.mayRepeat) return { kind: 'open' }
  const found = await reconcileCall(tool, part.arguments, input)
  if (found.kind === 'not_happened') return { kind: 'open' }
  if (found.kind === 'unknown') return toPerson(input, `contact was lost while it ran, and ${found.reason}`)
  return finish(deps, input, tool, { ok: true, text: found.result })
}

/** In the ledger before its dispatch, its outcome there before the model hears of it. A tool that breaks rejects. */
export async function dispatchCall(deps: Deps, input: ToolCallInput): Promise<AnsweredCall> {
  const { call, effectId } = input
  const { part, attempt, turn, n } = call
  const started = { attempt, turn, n, callId: part.id, effectId, tool: part.name, arguments: part.arguments }
  const start = await deps.startToolCall(started)
  if (start === false) return { kind: 'lost' }
  if (start !== true) return { kind: 'refused', refusal: start }
  const tool = input.tools.get(part.name)
  if (tool?.retry === 'unsafe') return dispatchUnsafe(deps, input, tool)
  const outcome = tool ? await callTool(tool, part.arguments, input) : noSuchTool(input)
  return finish(deps, input, tool, outcome)
}

/**
 * An unsafe call that gives no answer (it broke, or the time was up) may have taken effect. A process that is to stop, or has
 * lost its lease, leaves that question to the attempt that comes after.
 */
async function dispatchUnsafe(deps: Deps, input: ToolCallInput, tool: Tool): Promise<AnsweredCall> {
  const { part } = input.call
  if (input.signal.aborted) return finish(deps, input, tool, notBegun(part.name))
  const ran: CallOutcome | Unanswered = await callTool(tool, part.arguments, input).catch((error: unknown) =>
    unanswered(input.signal, error),
  )
  if (!('why' in ran) && !ran.timedOut) return finish(deps, input, tool, ran)
  const why = 'why' in ran ? ran.why : `it gave no answer within ${tool.timeoutMs / 1_000} s`
  // The attempt's own signal may have fired: what became of the call is asked all the same.
  const found = await reconcileCall(tool, part.arguments, { effectId: input.effectId, signal: NEVER })
  switch (found.kind) {
    case 'happened':
      return finish(deps, input, tool, { ok: true, text: found.result })
    case 'not_happened':
      return finish(deps, input, tool, { ok: false, text: `${part.name} did nothing: ${why}.` })
    case 'unknown':
      return toPerson(input, `${why}, and ${found.reason}`)
  }
}

const notBegun = (tool: string): ToolOutcome => ({
  ok: false,
  text: `This call of ${tool} was not made: the work was stopped just before it. Nothing was done; call it again if it is still to be done.`,
})

const NEVER = new AbortController().signal

type Unanswered = Readonly<{ why: string }>

function unanswered(signal: AbortSignal, error: unknown): Unanswered {
  const timedOut = signal.reason instanceof AttemptAbort && signal.reason.kind === 'timeout'
  if (signal.aborted && !timedOut) throw error
  if (signal.aborted) return { why: 'the attempt ran out of time while it ran' }
  return { why: `it broke: ${error instanceof Error ? error.message : String(error)}` }
}

async function finish(
  deps: Deps,
  input: ToolCallInput,
  tool: Tool | undefined,
  outcome: ToolOutcome,
): Promise<AnsweredCall> {
  const { part, attempt, turn, n } = input.call
  const status = outcome.ok ? 'succeeded' : 'failed'
  const key = { attempt, turn, n, tool: part.name, effectId: input.effectId }
  if (!(await deps.finishToolCall({ ...key, status, result: outcome.text }))) return { kind: 'lost' }
  return answered(input, outcome, outcome.ok ? (tool?.artifacts(part.arguments) ?? []) : [])
}

const NOTHING_NEW: readonly string[] = []

const answered = ({ call }: ToolCallInput, outcome: ToolOutcome, artifacts: readonly string[]): AnsweredCall => ({
  kind: 'result',
  artifacts,
  result: {
    type: 'tool_result',
    callId: call.part.id,
    name: call.part.name,
    content: outcome.text,
    ...(!outcome.ok && { isError: true }),
  },
})

function toPerson({ call, effectId }: ToolCallInput, reason: string): AnsweredCall {
  const { part, attempt, turn, n } = call
  const key = { attempt, turn, n, effectId }
  return { kind: 'await', unknown: { ...key, tool: part.name, arguments: part.arguments, reason } }
}

function noSuchTool({ call, tools }: ToolCallInput): CallOutcome {
  const offered = [...tools.keys()].join(', ')
  return {
    ok: false,
    text: `There is no tool "${call.part.name}" for this task. You have: ${offered === '' ? 'no tools' : offered}.`,
  }
}
