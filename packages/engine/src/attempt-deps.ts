import { builtinTools, createToolRegistry, type executeAttempt, type SaveArtifact } from '@flotilla/agents'
import {
  finishToolCall,
  readSpending,
  recordTurn,
  saveArtifact,
  startToolCall,
  type ClaimedTask,
  type TaskRecord,
} from '@flotilla/db'
import { NO_SPEND } from '@flotilla/domain'
import { costUsd, type ResolvedModel } from '@flotilla/llm'
import { abortOf } from './held-claims.ts'
import type { OutageWatch } from './outage-watch.ts'
import { NO_DOCUMENTS, type RunDeps } from './run-deps.ts'
import { turnEvent } from './task-settlement.ts'

/** The run's documents, with the rights of its workspace. */
export function documentsOf(deps: RunDeps, record: TaskRecord): typeof NO_DOCUMENTS {
  if (record.collectionId === null) return NO_DOCUMENTS
  return {
    search: deps.knowledge.search(record.workspaceId, record.collectionId),
    read: deps.knowledge.read(record.workspaceId, record.collectionId),
  }
}

/** How an attempt ends itself: `limit` cuts it off, `pause` has it yield before its next model call. */
export type AttemptEnds = Readonly<{ limit: AbortController; pause: AbortController }>

/** The ports of one attempt, over the record and with its fence. */
export function executorDeps(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  model: ResolvedModel,
  documents: typeof NO_DOCUMENTS,
  ends: AttemptEnds,
  outage: OutageWatch,
): Parameters<typeof executeAttempt>[0] {
  const { price } = deps.prices.priceOf(model.ref)
  const save: SaveArtifact = async ({ name, mediaType, content }) => {
    const saved = await saveArtifact(deps.db, task, { name, mediaType, content, attempt: task.attempt })
    if (saved.kind === 'taken')
      return { ok: false, message: `"${name}" belongs to task "${saved.taskKey}"; choose another name` }
    return saved.kind === 'saved' ? { ok: true } : { ok: false, message: 'this attempt no longer holds the task' }
  }
  const builtin = builtinTools({
    searchKnowledge: outage.over(documents.search),
    readDocument: outage.over(documents.read),
    saveArtifact: outage.over(save),
    documentNames: record.documents.map((d) => d.name),
  })
  return {
    provider: model.provider,
    model: model.model,
    modelRef: model.ref,
    costOf: (usage) => costUsd(price, usage),
    tools: createToolRegistry([...builtin.values(), ...deps.tools]),
    searchKnowledge: documents.search,
    readDocument: documents.read,
    spending: async () => {
      const spent = await readSpending(deps.db, task)
      if (spent === null) ends.limit.abort(abortOf('lease_lost'))
      if (spent?.paused) ends.pause.abort()
      return spent ?? { run: NO_SPEND, task: NO_SPEND }
    },
    recordTurn: (turn) => recordTurn(deps.pool, task, { ...turn, event: turnEvent(turn) }),
    startToolCall: outage.over((call) => startToolCall(deps.pool, task, call)),
    finishToolCall: outage.over(({ tool, effectId, ...call }) =>
      finishToolCall(deps.pool, task, {
        ...call,
        event: { attempt: task.attempt, turn: call.turn, tool, effectId, status: call.status },
      }),
    ),
    onText: (delta) => deps.hints.publish({ stream: { runId: task.runId, idx: task.idx, delta } }),
    now: deps.now,
    countTokens: deps.countTokens,
    contextTokens: deps.contextTokens,
  }
}
