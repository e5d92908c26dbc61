import { checkBudget, describeBudgetStop, type BudgetLimits, type Failure } from '@flotilla/domain'
import type { ToolResultPart } from '@flotilla/llm'
import type { Spending } from '../brief.ts'
import { callTool } from '../tools/call-tool.ts'
import type { Tool, ToolOutcome } from '../tools/tool.ts'
import type { ToolRegistry } from '../tools/tool-registry.ts'
import type { AskedToolCall } from './conversation.ts'
import type { ExecutorDeps } from './executor-deps.ts'

export type ToolCallsInput = Readonly<{
  calls: readonly AskedToolCall[]
  /** The tools that the task may use. */
  tools: ToolRegistry
  limits: Readonly<{ run: BudgetLimits; task: BudgetLimits }>
  effectId: (call: AskedToolCall) => string
  signal: AbortSignal
}>

/** `calls` counts those that were dispatched; `artifacts` are names written. */
export type ToolCallsOutcome = Readonly<{ calls: number; artifacts: readonly string[] }> &
  (
    | Readonly<{ kind: 'done'; results: readonly ToolResultPart[] }>
    | Readonly<{ kind: 'failed'; failure: Failure }>
    | Readonly<{ kind: 'lost' }>
    | Readonly<{ kind: 'aborted' }>
  )

type Deps = Pick<ExecutorDeps, 'spending' | 'startToolCall' | 'finishToolCall'>
type One =
  | Readonly<{ kind: 'result'; result: ToolResultPart; artifacts: readonly string[] }>
  | Readonly<{ kind: 'lost' }>

/**
 * Answers every call of a turn, in its order; neighbours that are safe run side by side. Each call is in the ledger before
 * it is dispatched, its outcome before the model hears of it.
 */
export async function runToolCalls(deps: Deps, input: ToolCallsInput): Promise<ToolCallsOutcome> {
  const results: ToolResultPart[] = []
  const artifacts: string[] = []
  let calls = 0
  for (const group of inGroups(input)) {
    const fresh = group.filter((call) => needsDispatch(call, input.tools)).length
    const stop = fresh === 0 ? null : budgetStop(await deps.spending(), input.limits, fresh)
    if (stop !== null) return { kind: 'failed', failure: stop, calls, artifacts }
    calls += fresh
    const settled = await Promise.allSettled(group.map((call) => answerCall(deps, input, call)))
    if (input.signal.aborted) return { kind: 'aborted', calls, artifacts }
    for (const [i, one] of settled.entries()) {
      if (one.status === 'rejected')
        return { kind: 'failed', failure: brokenTool(group[i], one.reason), calls, artifacts }
      if (one.value.kind === 'lost') return { kind: 'lost', calls, artifacts }
      results.push(one.value.result)
      artifacts.push(...one.value.artifacts)
    }
  }
  return { kind: 'done', results, calls, artifacts }
}

/** A finished call is reused, an unsafe one of unknown outcome is not repeated; all others are dispatched. */
function needsDispatch(call: AskedToolCall, tools: ToolRegistry): boolean {
  if (call.past === null) return true
  return call.past.status === 'started' && tools.get(call.part.name)?.retry !== 'unsafe'
}

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

function budgetStop(spending: Spending, limits: ToolCallsInput['limits'], calls: number): Failure | null {
  for (const scope of ['run', 'task'] as const) {
    // The last of the group is the one that must still be within the limit when it starts.
    const spent = { ...spending[scope], toolCalls: spending[scope].toolCalls + calls - 1 }
    const check = checkBudget(scope, limits[scope], spent, 'tool')
    if (!check.ok)
      return {
        code: 'budget_exceeded',
        message: describeBudgetStop({ ...check, spent: spending[scope][check.dimension] }),
      }
  }
  return null
}

async function answerCall(deps: Deps, input: ToolCallsInput, call: AskedToolCall): Promise<One> {
  const { past, part, attempt, turn, n } = call
  if (past !== null && past.status !== 'started')
    return resultOf(call, { ok: past.status === 'succeeded', text: past.result ?? '' }, [])
  const tool = input.tools.get(part.name)
  const effectId = input.effectId(call)
  const key = { attempt, turn, n }
  const dispatch = needsDispatch(call, input.tools)
  if (dispatch) {
    const start = { ...key, callId: part.id, effectId, tool: part.name, arguments: part.arguments }
    if (!(await deps.startToolCall(start))) return { kind: 'lost' }
  }
  const outcome = dispatch ? await dispatched(tool, call, input, effectId) : undecided(part.name)
  const status = outcome.ok ? 'succeeded' : 'failed'
  const held = await deps.finishToolCall({ ...key, tool: part.name, effectId, status, result: outcome.text })
  if (!held) return { kind: 'lost' }
  return resultOf(call, outcome, outcome.ok ? (tool?.artifacts(part.arguments) ?? []) : [])
}

async function dispatched(
  tool: Tool | undefined,
  call: AskedToolCall,
  input: ToolCallsInput,
  effectId: string,
): Promise<ToolOutcome> {
  if (tool) return callTool(tool, call.part.arguments, { effectId, signal: input.signal })
  const offered = [...input.tools.keys()].join(', ')
  return {
    ok: false,
    text: `There is no tool "${call.part.name}" for this task. You have: ${offered === '' ? 'no tools' : offered}.`,
  }
}

const undecided = (tool: string): ToolOutcome => ({
  ok: false,
  text: `Whether this call of ${tool} took effect is unknown: the worker was lost while it ran. It is not safe to repeat, so it was not repeated. A person must decide; go on without it, and say so in your answer.`,
})

const resultOf = (call: AskedToolCall, outcome: ToolOutcome, artifacts: readonly string[]): One => ({
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

/** Tools answer what is wrong; one that throws is broken, or what it stands on is. Another attempt may fare better. */
function brokenTool(call: AskedToolCall | undefined, reason: unknown): Failure {
  const message = reason instanceof Error ? reason.message : String(reason)
  return { code: 'tool_failed', message: `the tool ${call?.part.name ?? '?'} broke: ${message}` }
}
