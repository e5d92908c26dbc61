import type { Failure } from '@flotilla/domain'
import type { ToolResultPart } from '@flotilla/llm'
import type { CallRefusal } from '../model-call.ts'
import type { ToolRegistry } from '../tools/tool-registry.ts'
import { answerFromPast, dispatchCall, type AnsweredCall, type ToolCallInput } from './answer-tool-call.ts'
import type { UnknownCall } from './attempt-outcome.ts'
import type { AskedToolCall } from './conversation.ts'
import type { ExecutorDeps } from './executor-deps.ts'

export type ToolCallsInput = Readonly<{
  calls: readonly AskedToolCall[]
  /** The tools that the task may use. */
  tools: ToolRegistry
  effectId: (call: AskedToolCall) => string
  signal: AbortSignal
}>

/** `calls` counts those that were dispatched; `artifacts` are names written. */
export type ToolCallsOutcome = Readonly<{ calls: number; artifacts: readonly string[] }> &
  (
    | Readonly<{ kind: 'done'; results: readonly ToolResultPart[] }>
    | Readonly<{ kind: 'failed'; failure: Failure }>
    | Readonly<{ kind: 'await'; unknown: UnknownCall }>
    | Readonly<{ kind: 'refused'; refusal: CallRefusal }>
    | Readonly<{ kind: 'lost' }>
    | Readonly<{ kind: 'aborted' }>
  )

type Deps = Pick<ExecutorDeps, 'startToolCall' | 'finishToolCall'>

/** Answers every call of a turn, in its order; neighbours that are safe run side by side. */
export async function runToolCalls(deps: Deps, input: ToolCallsInput): Promise<ToolCallsOutcome> {
  const results: ToolResultPart[] = []
  const artifacts: string[] = []
  let calls = 0
  for (const group of inGroups(input)) {
    const past = await settleAll(group, (call) => answerFromPast(deps, oneOf(input, call)))
    const open = group.filter((_, i) => isOpen(past[i]))
    if (input.signal.aborted) return { kind: 'aborted', calls, artifacts }
    const made = await settleAll(open, (call) => dispatchCall(deps, oneOf(input, call)))
    calls += made.filter(({ kind }) => kind !== 'refused').length
    const each = made.values()
    const answers = past.map((answer) => (isOpen(answer) ? each.next().value : answer) as Settled)
    for (const [i, answer] of answers.entries()) {
      const { kind } = answer
      // A person's decision is asked for even after the time was up: the call has begun, and nobody knows its outcome.
      if (kind === 'await') return { kind, unknown: answer.unknown, calls, artifacts }
      if (kind === 'lost') return { kind, calls, artifacts }
      if (kind === 'refused') return { kind, refusal: answer.refusal, calls, artifacts }
      if (kind === 'broke' && !input.signal.aborted)
        return { kind: 'failed', failure: brokenTool(group[i], answer.error), calls, artifacts }
      if (kind !== 'result') continue
      results.push(answer.result)
      artifacts.push(...answer.artifacts)
    }
    if (input.signal.aborted) return { kind: 'aborted', calls, artifacts }
  }
  return { kind: 'done', results, calls, artifacts }
}

type Settled = AnsweredCall | Readonly<{ kind: 'broke'; error: unknown }>

const isOpen = (answer: Settled | undefined): boolean => answer?.kind === 'open'

/** All of them, whatever becomes of each: a call that is under way is never left behind by the failure of another. */
const settleAll = (
  calls: readonly AskedToolCall[],
  work: (call: AskedToolCall) => Promise<AnsweredCall>,
): Promise<Settled[]> =>
  Promise.all(calls.map((call) => work(call).catch((error: unknown): Settled => ({ kind: 'broke', error }))))

const oneOf = (input: ToolCallsInput, call: AskedToolCall): ToolCallInput => ({
  call,
  tools: input.tools,
  effectId: input.effectId(call),
  signal: input.signal,
})

function* inGroups({ calls, tools }: ToolCallsInput): Generator<AskedToolCall[]> {
  let group: AskedToolCall[] = []
  for (const call of calls) {
    const safe = tools.get(call.part.name)?.retry === 'safe'
    if (safe) {
      group.push(call)
      continue
    }
    if (group.length > 0) yield group
    group = []
    yield [call]
  }
  if (group.length > 0) yield group
}

/** Tools answer what is wrong; one that throws is broken, or what it stands on is. Another attempt may fare better. */
function brokenTool(call: AskedToolCall | undefined, reason: unknown): Failure {
  const message = reason instanceof Error ? reason.message : String(reason)
  return { code: 'tool_failed', message: `the tool ${call?.part.name ?? '?'} broke: ${message}` }
}
