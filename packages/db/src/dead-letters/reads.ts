import {
  deadLetterId,
  type DeadLetterReason,
  type DeadLetterSummaryView,
  type DeadLetterView,
  type Failure,
  type RunStatus,
} from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { failureView } from '../runs/view.ts'
import { readTally } from '../tasks/tally.ts'

export type DeadLetterFilter = Readonly<{
  /** A run's outside id; null for all. */
  runId: string | null
  redriven: boolean | null
  /** Letters older than this one. */
  before: number | null
  limit: number
}>

export type DeadLetterPage = Readonly<{ items: DeadLetterSummaryView[]; next: number | null }>

/** Newest first. */
export async function listDeadLetters(tx: Tx, filter: DeadLetterFilter): Promise<DeadLetterPage> {
  let query = selectLetters(tx)
    .orderBy('d.id', 'desc')
    .limit(filter.limit + 1)
  if (filter.before !== null) query = query.where('d.id', '<', filter.before)
  if (filter.runId !== null) query = query.where('r.uid', '=', filter.runId)
  if (filter.redriven !== null) query = query.where('d.redriven_at', filter.redriven ? 'is not' : 'is', null)
  const rows = await query.execute()
  const page = rows.slice(0, filter.limit)
  return { items: page.map(summaryOf), next: rows.length > filter.limit ? (page.at(-1)?.id ?? null) : null }
}

/** One letter with its evidence; null when there is none of this task. */
export async function readDeadLetter(
  tx: Tx,
  letter: Readonly<{ runId: string; idx: number }>,
): Promise<DeadLetterView | null> {
  const row = await selectLetters(tx)
    .where('r.uid', '=', letter.runId)
    .where('d.idx', '=', letter.idx)
    .executeTakeFirst()
  if (row === undefined) return null
  const ref = { runId: row.run_id, idx: row.idx }
  return {
    ...summaryOf(row),
    counts: await readTally(tx, ref),
    failures: await readFailures(tx, ref),
    lastTurn: await readLastTurn(tx, ref),
  }
}

const selectLetters = (tx: Tx) =>
  tx
    .selectFrom('dead_letters as d')
    .innerJoin('runs as r', 'r.id', 'd.run_id')
    .innerJoin('tasks as t', (join) => join.onRef('t.run_id', '=', 'd.run_id').onRef('t.idx', '=', 'd.idx'))
    .innerJoin('task_specs as s', (join) => join.onRef('s.run_id', '=', 'd.run_id').onRef('s.idx', '=', 'd.idx'))
    .select([
      'd.id',
      'd.run_id',
      'd.idx',
      'r.uid',
      'r.status',
      's.key',
      's.title',
      't.role',
      't.attempt',
      'd.reason',
      'd.error',
      'd.at',
      'd.redriven_at',
      'd.redriven_to',
    ])

type Row = Readonly<{
  idx: number
  uid: string
  status: RunStatus
  key: string
  title: string
  role: string
  attempt: number
  reason: DeadLetterReason
  error: Failure
  at: Date
  redriven_at: Date | null
  redriven_to: string | null
}>

const summaryOf = (row: Row): DeadLetterSummaryView => ({
  id: deadLetterId(row.uid, row.idx),
  runId: row.uid,
  runStatus: row.status,
  taskKey: row.key,
  title: row.title,
  role: row.role,
  reason: row.reason,
  error: failureView(row.error),
  attempts: row.attempt,
  at: row.at.toISOString(),
  redrivenAt: row.redriven_at?.toISOString() ?? null,
  redrivenTo: row.redriven_to,
})

type Ref = Readonly<{ runId: number; idx: number }>

async function readFailures(tx: Tx, ref: Ref): Promise<DeadLetterView['failures']> {
  const rows = await tx
    .selectFrom('attempts')
    .select(['number', 'kind', 'status', 'worker', 'started_at', 'finished_at', 'error'])
    .where('run_id', '=', ref.runId)
    .where('idx', '=', ref.idx)
    .where((eb) => eb.or([eb('status', 'in', ['lost', 'failed']), eb('error', 'is not', null)]))
    .orderBy('number')
    .execute()
  return rows.map((row) => ({
    attempt: row.number,
    kind: row.kind,
    status: row.status,
    worker: row.worker,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at.toISOString(),
    error: row.error && failureView(row.error),
  }))
}

async function readLastTurn(tx: Tx, ref: Ref): Promise<DeadLetterView['lastTurn']> {
  const row = await tx
    .selectFrom('turns as u')
    .select(['u.attempt', 'u.turn', 'u.model', 'u.stop_reason', 'u.finished_at'])
    .select(
      sql<string[]>`array(select c.tool from flotilla.tool_calls c where c.run_id = u.run_id and c.idx = u.idx
        and c.attempt = u.attempt and c.turn = u.turn order by c.n)`.as('tools'),
    )
    .where('u.run_id', '=', ref.runId)
    .where('u.idx', '=', ref.idx)
    .orderBy('u.attempt', 'desc')
    .orderBy('u.turn', 'desc')
    .executeTakeFirst()
  if (row === undefined) return null
  const { attempt, turn, model, tools } = row
  return { attempt, turn, model, stopReason: row.stop_reason, finishedAt: row.finished_at.toISOString(), tools }
}
