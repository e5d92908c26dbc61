import type { CallUsed, ClaimedTask, EndedRun, Settlement, TaskRecord } from '@flotilla/db'
import type { ChainLink, ModelOutcome } from '@flotilla/llm'

/**
 * A piece of work that has ended. Nothing of it is carried along the queue or stored: a run's uid names its trace, and a piece's
 * name within its run names it, so that every process comes to the same ids.
 */
export type TracedWork = Readonly<{
  /** Uid of the run. */
  run: string
  /** Its name within the run; null: nothing is under it. */
  id: string | null
  /** Name of what it is under; null: nothing, it is the run. */
  parent: string | null
  title: string
  /** A call of another system. */
  remote: boolean
  startMs: number
  endMs: number
  attributes: Readonly<Record<string, string | number | string[]>>
  error: Readonly<{ code: string; message: string }> | null
}>

/** Hears of work when it has ended; never throws. */
export type Trace = (work: TracedWork) => void

/** Where a model call belongs. */
export type TracedPlace = Readonly<{ run: string; parent: string }>

/** Of a run itself. */
export const RUN = 'run'
/** Of one claim: the fence tells a judge's looks at one attempt apart. */
const claimId = (task: ClaimedTask, record: TaskRecord): string => `${record.key}/${task.fence}`

export const placeOf = (task: ClaimedTask, record: TaskRecord): TracedPlace => ({
  run: record.runUid,
  parent: claimId(task, record),
})

type Times = Pick<TracedWork, 'startMs' | 'endMs'>

/** Names are those of the GenAI semantic conventions, which are in development; content of prompts and answers is left out. */
export function runWork({ run }: EndedRun, failure: TracedWork['error'], endMs: number): TracedWork {
  return {
    run: run.id,
    id: RUN,
    parent: null,
    title: 'invoke_workflow flotilla',
    remote: false,
    startMs: Date.parse(run.createdAt),
    endMs,
    attributes: {
      'gen_ai.operation.name': 'invoke_workflow',
      'gen_ai.workflow.name': 'flotilla',
      'gen_ai.conversation.id': run.id,
    },
    error: failure,
  }
}

export function claimWork(task: ClaimedTask, record: TaskRecord, settled: Settlement, times: Times): TracedWork {
  const agent = task.judge ? 'judge' : (record.agent?.name ?? task.role)
  // What is handed back to wait tells why, and has not failed.
  const failed = settled.verb === 'fail' || settled.verb === 'retry'
  return {
    run: record.runUid,
    id: claimId(task, record),
    parent: RUN,
    title: `invoke_agent ${agent}`,
    remote: false,
    ...times,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': agent,
      'gen_ai.conversation.id': record.runUid,
      'flotilla.task.key': record.key,
      'flotilla.task.role': task.role,
      'flotilla.attempt': task.attempt,
      'flotilla.attempt.kind': task.kind,
      'flotilla.verb': settled.verb,
    },
    error: (failed && settled.data.error) || null,
  }
}

type ModelCallEnd = Times & Readonly<{ place: TracedPlace; link: ChainLink; outcome: ModelOutcome; used: CallUsed }>

export function modelWork({ place, link, outcome, used, ...times }: ModelCallEnd): TracedWork {
  const usage = used?.usage
  return {
    run: place.run,
    id: null,
    parent: place.parent,
    title: `chat ${link.model}`,
    remote: true,
    ...times,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': link.provider.name,
      'gen_ai.request.model': link.model,
      'gen_ai.conversation.id': place.run,
      ...(outcome.ok && {
        'gen_ai.response.model': outcome.reply.model,
        'gen_ai.response.finish_reasons': [outcome.reply.stopReason],
      }),
      ...(usage && {
        'gen_ai.usage.input_tokens': usage.inputTokens,
        'gen_ai.usage.output_tokens': usage.outputTokens,
        'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens,
        'gen_ai.usage.cache_creation.input_tokens': usage.cacheWriteTokens,
        'gen_ai.usage.reasoning.output_tokens': usage.reasoningTokens,
      }),
    },
    error: outcome.ok ? null : outcome.failure,
  }
}

type ToolCallEnd = Times & Readonly<{ place: TracedPlace; tool: string; status: 'succeeded' | 'failed' }>

export function toolWork({ place, tool, status, ...times }: ToolCallEnd): TracedWork {
  return {
    run: place.run,
    id: null,
    parent: place.parent,
    title: `execute_tool ${tool}`,
    remote: false,
    ...times,
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': tool,
      'gen_ai.conversation.id': place.run,
    },
    error: status === 'failed' ? { code: 'tool_failed', message: 'the tool failed' } : null,
  }
}
