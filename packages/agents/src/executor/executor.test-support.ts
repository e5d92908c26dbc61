import { createScriptedProvider, type Script } from '@flotilla/llm'
import * as v from 'valibot'
import type { TaskBrief } from '../brief.ts'
import { briefOf, countWords, passageOf } from '../context/brief.test-support.ts'
import { callDirectly } from '../model-call.ts'
import { defineTool, type RetryClass, type ToolOutcome } from '../tools/tool.ts'
import { createToolRegistry } from '../tools/tool-registry.ts'
import type { PastTurn, ToolCallFinish, ToolCallStart, Turn } from './attempt-outcome.ts'
import { executeAttempt } from './execute-attempt.ts'
import type { ExecutorDeps } from './executor-deps.ts'

export const OPS = 'Logs are kept for 30 days.\nBackups stay two years.\n'

const NEVER = new AbortController().signal

type ToolRun = (args: { text?: string | undefined }, effectId: string, signal: AbortSignal) => Promise<ToolOutcome>

type BenchTool = 'look' | 'save' | 'pay'
const RETRY: Readonly<Record<BenchTool, RetryClass>> = { look: 'safe', save: 'idempotent', pay: 'unsafe' }

const benchTool = (name: BenchTool, retry: RetryClass, log: string[], run: ToolRun | undefined) =>
  defineTool({
    name,
    description: name,
    parameters: v.strictObject({ text: v.optional(v.string()) }),
    retry,
    timeoutMs: 5_000,
    artifacts: ({ text }) => (name === 'save' && text !== undefined ? [text] : []),
    run: async (args, { effectId, signal }) => {
      log.push(`run ${name} ${effectId}`)
      return (await run?.(args, effectId, signal)) ?? { ok: true, text: `${name} says ${args.text ?? 'nothing'}` }
    },
  })

export type Bench = Readonly<{
  deps: ExecutorDeps
  /** Everything that reached a port, in order. */
  log: string[]
  turns: Turn[]
  started: ToolCallStart[]
  finished: ToolCallFinish[]
  /** What the model was sent, call by call. */
  requests: ReturnType<typeof createScriptedProvider>['journal']
  run: (input?: {
    brief?: Partial<TaskBrief>
    history?: readonly PastTurn[]
    signal?: AbortSignal
    yielding?: AbortSignal
  }) => ReturnType<typeof executeAttempt>
}>

/** An executor over a scripted model, with three tools (`look` safe, `save` idempotent, `pay` unsafe) and ports that remember. */
export function bench(
  script: Script,
  changes: Partial<ExecutorDeps> = {},
  tools: Partial<Record<BenchTool, ToolRun>> = {},
): Bench {
  const provider = createScriptedProvider({ script })
  const [log, turns, started, finished] = [[] as string[], [] as Turn[], [] as ToolCallStart[], [] as ToolCallFinish[]]
  const deps: ExecutorDeps = {
    call: callDirectly({ provider, model: 'test', modelRef: 'scripted:test', costOf: () => 0.5 }),
    tools: createToolRegistry(
      Object.entries(RETRY).map(([name, retry]) => benchTool(name as BenchTool, retry, log, tools[name as BenchTool])),
    ),
    searchKnowledge: async () => [passageOf('ops.md', 1, 'Logs are kept for 30 days.')],
    readDocument: async (name) => (name === 'ops.md' ? OPS : null),
    loadMedia: async () => null,
    recordTurn: async (turn) => {
      log.push(`turn ${turn.turn}`)
      turns.push(turn)
      return true
    },
    startToolCall: async (call) => {
      log.push(`start ${call.tool} ${call.effectId}`)
      started.push(call)
      return true
    },
    finishToolCall: async (call) => {
      log.push(`finish ${call.tool} ${call.status}`)
      finished.push(call)
      return true
    },
    now: () => new Date('2026-01-01T00:00:00Z'),
    countTokens: countWords,
    contextTokens: 10_000,
    ...changes,
  }
  const plain = briefOf()
  return {
    deps,
    log,
    turns,
    started,
    finished,
    requests: provider.journal,
    run: ({ brief = {}, history = [], signal = NEVER, yielding = NEVER } = {}) =>
      executeAttempt(deps, {
        brief: { ...plain, task: { ...plain.task, tools: ['look', 'save', 'pay'] }, ...brief },
        history,
        signal,
        yielding,
      }),
  }
}

/** Recorded turns as the next attempt reads them, with what the ledger knows. */
export const historyOf = (turns: readonly Turn[], attempt: number, ledger: PastTurn['toolCalls'] = []): PastTurn[] =>
  turns.map(({ turn, request, reply, stopReason }, i) => ({
    attempt,
    turn,
    request,
    reply,
    stopReason,
    toolCalls: i === turns.length - 1 ? ledger : [{ n: 0, status: 'succeeded', result: 'earlier', mayRepeat: false }],
  }))
