import { conversationBefore, executeAttempt, type PastAttempt, type StopSignals } from '@flotilla/agents'
import { readHistory, type ClaimedTask, type Settlement, type TaskRecord } from '@flotilla/db'
import { loopTurn } from '@flotilla/runtime'
import { documentsOf, executorDeps } from './attempt-deps.ts'
import { abortOf } from './held-claims.ts'
import { judgeTask } from './judge-task.ts'
import { CallBook } from './money/call-book.ts'
import { leaveOut } from './leave-out.ts'
import { resolveModels } from './money/resolve-models.ts'
import { createOutageWatch, isOutage } from './outage-watch.ts'
import type { RunDeps } from './run-deps.ts'
import { settleOutcome } from './settle-outcome.ts'
import { briefOf } from './task-brief.ts'
import { taskFields } from './task-fields.ts'
import { afterFailure, handBack, settlement } from './task-settlement.ts'
import { claimWork } from './trace.ts'

/**
 * Runs a claimed task to what is to be settled: an attempt of its agent, or a judge's look at an output. A bug or a broken
 * port becomes a failed attempt that may be tried again: whoever waits for a settlement always gets one. With the record
 * away for a moment the task is handed back instead, and its next attempt goes on from the last recorded turn: an outage
 * is nothing that a task has only so many tries for.
 */
export async function runTask(deps: RunDeps, task: ClaimedTask, stop: StopSignals): Promise<Settlement> {
  const book = new CallBook(deps.admit, task)
  const found: Found = { record: null }
  const startMs = deps.now().getTime()
  const settled = await workOn(deps, task, stop, book, found)
  if (found.record !== null) tellEnd(deps, task, found.record, settled, startMs)
  book.endOpenTools(deps.now().getTime())
  const calls = book.unpaid()
  const data = { ...settled.data, ...(calls.length > 0 && { calls }) }
  // A turn that is settled with its attempt tells what did not answer itself.
  const told =
    data.turn === undefined && data.event !== undefined ? { event: { ...data.event, ...book.takeHops() } } : {}
  return { ...settled, data: { ...data, ...told } }
}

/** What the record says of the task, once it has been read. */
type Found = { record: TaskRecord | null }

function tellEnd(deps: RunDeps, task: ClaimedTask, record: TaskRecord, settled: Settlement, startMs: number): void {
  const told = { ...taskFields(task, record), kind: task.kind, judge: task.judge, verb: settled.verb }
  deps.log.debug(told, 'a task is to be settled')
  deps.trace?.(claimWork(task, record, settled, { startMs, endMs: deps.now().getTime() }))
}

async function workOn(
  deps: RunDeps,
  task: ClaimedTask,
  stop: StopSignals,
  book: CallBook,
  found: Found,
): Promise<Settlement> {
  try {
    const record = task.record ?? (await deps.readTask(task))
    if (record === null) return settlement(task, 'release', { kind: task.kind })
    found.record = record
    const work = task.judge ? judgeTask : runAttempt
    return await work(deps, task, record, stop, book)
  } catch (error) {
    const where = taskFields(task, found.record)
    if (isOutage(error)) {
      deps.log.warn({ err: error, ...where }, 'attempt broken off: the record is away')
      return handBack(task)
    }
    deps.log.error({ err: error, ...where }, 'attempt broke')
    const message = error instanceof Error ? error.message : String(error)
    return afterFailure(deps, task, 3, { code: 'internal', message }, {})
  }
}

async function runAttempt(
  deps: RunDeps,
  task: ClaimedTask,
  record: TaskRecord,
  stop: StopSignals,
  book: CallBook,
): Promise<Settlement> {
  const resolved = resolveModels(
    deps,
    record.model ?? deps.models.defaultModel,
    record.agent?.model_settings?.allowedModels,
  )
  if (!resolved.ok)
    return afterFailure(deps, task, record.spec.maxAttempts, { code: 'configuration', message: resolved.message }, {})
  const ends = { limit: new AbortController(), pause: new AbortController() }
  const timer = setTimeout(() => ends.limit.abort(abortOf('timeout')), record.spec.timeoutSeconds * 1_000)
  try {
    const outage = createOutageWatch()
    const documents = documentsOf(deps, record)
    const stops = {
      signal: AbortSignal.any([stop.signal, ends.limit.signal]),
      yielding: AbortSignal.any([stop.yielding, ends.pause.signal]),
    }
    const chain = resolved.value
    const ports = executorDeps(deps, task, record, { chain, documents, ends, stop: stops, outage, book })
    const known = await readHistory(deps.db, task, task.attempt, task.kind)
    const past = known as unknown as PastAttempt[]
    const leftOut = leaveOut(task, record, past)
    if (leftOut !== null) return leftOut
    const answeredBy = known.flatMap(({ turns }) => turns.map((turn) => turn.model))
    const call: typeof ports.call = async (...asked) => {
      const called = await ports.call(...asked)
      await loopTurn()
      if (called.outcome.ok) answeredBy.push(called.modelRef)
      return called
    }
    const outcome = await executeAttempt(
      { ...ports, call },
      {
        brief: briefOf(task, record, chain.links[0].ref),
        history: conversationBefore(past, task.kind, ports.tools),
        ...stops,
      },
    )
    if (outage.seen && outcome.kind === 'failed')
      return handBack(task, { usage: outcome.usage, unrecorded: outcome.unrecorded })
    return await settleOutcome(deps, task, record, outcome, answeredBy)
  } finally {
    clearTimeout(timer)
  }
}
