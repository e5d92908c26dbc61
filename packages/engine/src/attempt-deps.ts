import {
  builtinTools,
  createToolRegistry,
  type CallRefusal,
  type executeAttempt,
  type SaveArtifact,
  type StopSignals,
  type ToolCallStart,
} from '@flotilla/agents'
import {
  accountsOf,
  beginToolCall,
  finishToolCall,
  recordTurn,
  saveArtifact,
  type AskedCall,
  type CallPayment,
  type ClaimedTask,
  type TaskRecord,
} from '@flotilla/db'
import { decideStop, describeCallStop, NO_SPEND, type Amounts } from '@flotilla/domain'
import { abortOf } from './held-claims.ts'
import type { CallBook } from './money/call-book.ts'
import { roomWaitMs } from './money/call-refusals.ts'
import type { CallChain, CallerInput } from './money/call-walk.ts'
import { createModelCaller } from './money/model-caller.ts'
import type { OutageWatch } from './outage-watch.ts'
import { NO_DOCUMENTS, type RunDeps, type TaskDocuments } from './run-deps.ts'
import { taskFields } from './task-fields.ts'
import { turnEvent } from './task-settlement.ts'
import { placeOf, toolWork } from './trace.ts'

/** The run's documents, with the rights of its workspace. */
export function documentsOf(deps: RunDeps, record: TaskRecord): TaskDocuments {
  if (record.collectionId === null) return NO_DOCUMENTS
  return {
    search: deps.knowledge.search(record.workspaceId, record.collectionId),
    read: deps.knowledge.read(record.workspaceId, record.collectionId),
    media: deps.knowledge.media(record.workspaceId, record.collectionId),
  }
}

/** How an attempt ends itself: `limit` cuts it off, `pause` has it yield before its next model call. */
export type AttemptEnds = Readonly<{ limit: AbortController; pause: AbortController }>

/** What an attempt's ports stand on beside the record. */
export type AttemptMeans = Readonly<{
  chain: CallChain
  documents: TaskDocuments
  ends: AttemptEnds
  stop: StopSignals
  outage: OutageWatch
  book: CallBook
}>

/** The ports of one attempt, over the record and with its fence. */
export function executorDeps(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  means: AttemptMeans,
): Parameters<typeof executeAttempt>[0] {
  const { documents, outage, book } = means
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
    call: modelCaller(deps, task, record, means),
    tools: createToolRegistry([...builtin.values(), ...deps.tools]),
    searchKnowledge: documents.search,
    readDocument: documents.read,
    loadMedia: documents.media,
    recordTurn: (turn) => {
      // The turn tells its own.
      book.takeHops()
      return withPayments(deps, book, (calls) =>
        recordTurn(deps.pool, task, { ...turn, calls, event: turnEvent(turn) }),
      )
    },
    startToolCall: outage.over((toolCall) => startTool(deps, task, record, book, toolCall)),
    finishToolCall: outage.over(({ tool, effectId, ...outcome }) => {
      const endMs = deps.now().getTime()
      const startMs = book.endTool(book.toolKey(outcome), endMs)
      if (startMs !== null)
        deps.trace?.(toolWork({ place: placeOf(task, record), tool, status: outcome.status, startMs, endMs }))
      return withPayments(deps, book, (calls) =>
        finishToolCall(deps.pool, task, {
          ...outcome,
          calls,
          event: { attempt: task.attempt, turn: outcome.turn, tool, effectId, status: outcome.status },
        }),
      )
    }),
    onText: (delta) => deps.hints.publish({ stream: { runId: task.runId, idx: task.idx, delta } }),
    onRestart: (takeBack) => deps.hints.publish({ stream: { runId: task.runId, idx: task.idx, delta: '', takeBack } }),
    now: deps.now,
    countTokens: deps.countTokens,
    contextTokens: deps.contextTokens,
  }
}

/** The model of an attempt: no call of it begins once the attempt is to yield, or its claim is somebody else's. */
function modelCaller(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  means: AttemptMeans,
): ReturnType<typeof createModelCaller> {
  const { book, ends } = means
  return createModelCaller(deps, {
    ...means.chain,
    purse: book,
    purpose: 'task',
    traced: placeOf(task, record),
    workspaceId: record.workspaceId,
    policy: record.onExceeded,
    accounts: accountsOf(record),
    ...waitOf(record),
    stopped: () => (means.stop.yielding.aborted ? 'the attempt is to yield' : null),
    onRefused: (status) => {
      if (status === 'paused') ends.pause.abort()
      else ends.limit.abort(abortOf('lease_lost'))
    },
    onHop: (hop) => {
      book.noteHop(hop)
      deps.log.info({ ...hop, ...taskFields(task, record) }, 'a model did not answer')
    },
  })
}

/** What its task was told to wait for, for the calls of its next claim. */
export const waitOf = ({ wait }: Pick<TaskRecord, 'wait'>): Pick<CallerInput, 'booking' | 'waited'> => ({
  booking: wait?.laneId ? { laneId: wait.laneId, until: wait.until } : undefined,
  waited: wait?.times ?? 0,
})

/** A write that brings with it what is not paid yet. False: its fence is lost; what it brings is paid all the same. */
async function withPayments(
  deps: Pick<RunDeps, 'metrics'>,
  book: CallBook,
  write: (calls: readonly CallPayment[]) => Promise<boolean>,
): Promise<boolean> {
  const calls = book.unpaid()
  const written = await write(calls)
  book.paid(calls)
  if (!written) deps.metrics?.fenced()
  return written
}

/** A tool is given a moment of the time that is left: how long it takes is known when it ends. */
const TOOL_ASKS: Amounts = { ...NO_SPEND, toolCalls: 1, seconds: 0.001 }

async function startTool(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  book: CallBook,
  toolCall: ToolCallStart,
): Promise<boolean | CallRefusal> {
  const key = book.toolKey(toolCall)
  const ask: AskedCall = { kind: 'tool', name: toolCall.tool, most: TOOL_ASKS }
  const start = await beginToolCall(deps.pool, task, { ...toolCall, key, ask })
  if (start.status === 'begun') book.beginTool(key, deps.now().getTime())
  if (start.status === 'fence_lost') deps.metrics?.fenced()
  if (start.status !== 'budget') return start.status === 'begun'
  deps.metrics?.budgetRefused(start.stop.level, start.stop.dimension)
  const reason = describeCallStop(start.stop)
  const policy = decideStop(record.onExceeded, start.stop)
  if (policy !== 'wait') return { kind: 'exceeded', policy, stop: start.stop, reason }
  deps.metrics?.gateWaited('room')
  const until = deps.now().getTime() + roomWaitMs(record.wait?.times ?? 0, deps.random())
  return { kind: 'wait', cause: 'room', until, laneId: null, why: reason }
}
