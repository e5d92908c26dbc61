import {
  NO_SPEND,
  type AttemptKind,
  type BudgetAccount,
  type BudgetLevel,
  type BudgetLimits,
  type CrossingPolicy,
  type Finding,
  type JsonObject,
  type ModelSettings,
  type Output,
  type PlanTask,
  type Verdict,
} from '@flotilla/domain'
import { sql } from 'kysely'
import type pg from 'pg'
import { withoutNulls, type AccountRow } from '../budgets/account-row.ts'
import type { Db } from '../connect.ts'
import type { DocumentFacts } from '../knowledge/documents.ts'
import type { TaskWait } from '../schema-budgets.ts'
import type { TaskRef } from './step.ts'

/** Everything of the record that an attempt or a judge starts from. */
export type TaskRecord = Readonly<{
  runId: number
  idx: number
  workspaceId: number
  runUid: string
  priority: number
  goal: string
  inputs: JsonObject
  runBudget: BudgetLimits
  onExceeded: CrossingPolicy
  /** The accounts with a limit that its calls are held on, as far as they are open. */
  money: Readonly<{ ofTask: boolean; accounts: readonly AccountRow[] | null }> | null
  /** Why it was handed back without a call the last time. */
  wait: TaskWait | null
  collectionId: number | null
  key: string
  title: string
  type: string
  spec: PlanTask
  model: string | null
  agent: Readonly<{
    id: string
    name: string
    description: string
    system_prompt: string
    tools: string[]
    max_turns: number
    max_output_tokens: number
    model_settings: ModelSettings
  }> | null
  dependencies: readonly Readonly<{ key: string; title: string; role: string; output: Output }>[]
  documents: readonly DocumentFacts[]
  /** The verdict that asked for the revision under way, and what it judged. */
  revision: Readonly<{ attempt: number; verdict: Verdict; output: Output }> | null
  /** The output that a judge is to look at, with what the rules said, how often judging it failed, and the model of each of its turns. */
  candidate: Readonly<{
    output: Output
    findings: readonly Finding[] | null
    failures: number
    answeredBy: readonly string[]
  }> | null
}>

export type TaskName = Pick<TaskRecord, 'runUid' | 'key'>

/** What people call a task. Null: it is gone. */
export async function readTaskName(db: Db, ref: TaskRef): Promise<TaskName | null> {
  const { rows } = await sql<TaskName>`
    select r.uid as "runUid", s.key from flotilla.task_specs s join flotilla.runs r on r.id = s.run_id
    where s.run_id = ${ref.runId} and s.idx = ${ref.idx}`.execute(db)
  return rows[0] ?? null
}

/** What many tasks start from, in one query; null for those that are gone. */
export async function readTaskRecords(pool: pg.Pool, refs: readonly TaskRef[]): Promise<(TaskRecord | null)[]> {
  const { rows } = await pool.query<{ r: TaskRecordRow[] | null }>({
    name: 'task_records',
    text: 'select flotilla.task_records($1, $2, null) as r',
    values: [refs.map(({ runId }) => runId), refs.map(({ idx }) => idx)],
  })
  const found = recordsByPosition(rows[0]?.r ?? [])
  return refs.map((_ref, i) => found.get(i + 1) ?? null)
}

export type TaskRecordRow = TaskRecord & Readonly<{ n: number }>

/** `n` counts from 1. */
export const recordsByPosition = (rows: readonly TaskRecordRow[]): Map<number, TaskRecord> =>
  new Map(rows.map(({ n, ...record }) => [n, record]))

export type HistoryTurn = Readonly<{
  attempt: number
  turn: number
  model: string
  request: unknown
  reply: unknown
  stopReason: string
  toolCalls: readonly Readonly<{
    n: number
    callId: string
    effectId: string
    tool: string
    arguments: JsonObject
    status: 'started' | 'succeeded' | 'failed'
    result: string | null
    mayRepeat: boolean
  }>[]
}>

/** An attempt that recorded turns, or one of kind `retry`, which can begin a conversation anew. */
export type HistoryAttempt = Readonly<{ number: number; kind: AttemptKind; turns: readonly HistoryTurn[] }>

/**
 * The attempts before attempt "attempt", of kind "kind", with their finished turns, in order: from the last first or revision
 * on. Empty for an attempt that begins a conversation whatever came before.
 */
export async function readHistory(db: Db, ref: TaskRef, attempt: number, kind: AttemptKind): Promise<HistoryAttempt[]> {
  if (kind === 'first' || kind === 'revision') return []
  const { rows } = await sql<HistoryAttempt>`
    with start as (
      select coalesce(max(number), 1) as number from flotilla.attempts
      where run_id = ${ref.runId} and idx = ${ref.idx} and number < ${attempt} and kind in ('first', 'revision'))
    select a.number, a.kind, coalesce(t.turns, '[]') as turns
    from start, flotilla.attempts a cross join lateral (
      select jsonb_agg(jsonb_build_object('attempt', u.attempt, 'turn', u.turn, 'model', u.model, 'request', u.request, 'reply', u.reply,
        'stopReason', u.stop_reason, 'toolCalls', coalesce((
          select jsonb_agg(jsonb_build_object('n', c.n, 'callId', c.call_id, 'effectId', c.effect_id, 'tool', c.tool, 'arguments', c.arguments,
            'status', c.status, 'result', c.result, 'mayRepeat', c.may_repeat) order by c.n)
          from flotilla.tool_calls c
          where c.run_id = u.run_id and c.idx = u.idx and c.attempt = u.attempt and c.turn = u.turn), '[]')) order by u.turn) as turns
      from flotilla.turns u where u.run_id = a.run_id and u.idx = a.idx and u.attempt = a.number) t
    where a.run_id = ${ref.runId} and a.idx = ${ref.idx} and a.number >= start.number and a.number < ${attempt}
      and (t.turns is not null or a.kind = 'retry')
    order by a.number`.execute(db)
  return rows
}

/**
 * The accounts that a task's calls are held on, for the decision before its first one; later ones come with each admission. An
 * account that is not open yet has its limits and nothing spent. Seconds of a run are its deadline.
 */
export function accountsOf(record: Pick<TaskRecord, 'money' | 'spec' | 'runBudget'>): BudgetAccount[] {
  const { seconds: _deadline, ...ofRun } = record.runBudget
  const task = unopened('task', record.spec.budget ?? {})
  if (record.money === null) return [task, unopened('run', ofRun)]
  const open = (record.money.accounts ?? []).map(withoutNulls)
  return record.money.ofTask ? open : [task, ...open]
}

export const unopened = (level: BudgetLevel, limits: BudgetLimits): BudgetAccount => ({
  level,
  limits,
  reserved: NO_SPEND,
  settled: NO_SPEND,
})
