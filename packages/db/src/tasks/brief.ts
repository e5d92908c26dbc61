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

/** Driven from the array under a LIMIT by a variable: the plan looks rows up by key, on empty and on grown tables alike. */
const TASK_RECORDS = /* sql */ `
    select k.n, t.run_id as "runId", t.idx, t.workspace_id as "workspaceId", r.uid as "runUid", r.priority, rs.goal, rs.inputs,
      rs.budget - 'onExceeded' as "runBudget",
      coalesce(rs.budget ->> 'onExceeded', 'fail') as "onExceeded", t.wait,
      (select jsonb_build_object('ofTask', b.level = 'task', 'accounts', flotilla.limited_accounts(b.path || array(
          select m.id from flotilla.budgets m where m.workspace_id = t.workspace_id and m.level = 'workspace'
            and m.month = date_trunc('month', clock_timestamp() at time zone 'UTC')::date)))
        from flotilla.budgets b where b.run_id = t.run_id and (b.level = 'run' or (b.level = 'task' and b.idx = t.idx))
        order by b.level desc limit 1) as money,
      rs.collection_id as "collectionId", s.key, s.title, s.type, s.spec, s.model,
      (select jsonb_build_object('id', a.uid, 'name', a.name, 'description', a.description, 'system_prompt', a.system_prompt, 'tools', a.tools,
          'max_turns', a.max_turns, 'max_output_tokens', a.max_output_tokens, 'model_settings', a.model_settings)
        from flotilla.agents a where a.workspace_id = t.workspace_id and a.id = s.agent_id) as agent,
      coalesce((select jsonb_agg(jsonb_build_object('key', ds.key, 'title', ds.title, 'role', d.role, 'output', o.output) order by d.idx)
        from flotilla.tasks d
          join flotilla.task_specs ds on ds.run_id = d.run_id and ds.idx = d.idx
          join flotilla.outputs o on o.run_id = d.run_id and o.idx = d.idx and o.attempt = d.attempt
        where d.run_id = t.run_id and d.idx = any (t.deps) and d.status = 'completed'), '[]') as dependencies,
      coalesce((select jsonb_agg(jsonb_build_object('name', x.name, 'lines', x.lines, 'sizeBytes', x.size_bytes, 'mediaType', x.media_type, 'pages', x.pages) order by x.n)
        from flotilla.documents x where x.collection_id = rs.collection_id), '[]') as documents,
      case when t.revisions > 0 then (
        select jsonb_build_object('attempt', v.attempt, 'verdict', jsonb_build_object('decision', v.decision, 'score', v.score, 'findings', v.findings), 'output', o.output)
        from flotilla.verdicts v join flotilla.outputs o on o.run_id = v.run_id and o.idx = v.idx and o.attempt = v.attempt
        where v.run_id = t.run_id and v.idx = t.idx and v.decision = 'revise' order by v.attempt desc limit 1) end as revision,
      case when t.status = 'verifying' then (
        select jsonb_build_object('output', o.output, 'findings', o.findings, 'failures', t.judge_failures,
          'answeredBy', array(select u.model from flotilla.turns u where u.run_id = t.run_id and u.idx = t.idx and u.attempt = t.attempt order by u.turn)) from flotilla.outputs o
        where o.run_id = t.run_id and o.idx = t.idx and o.attempt = t.attempt) end as candidate
    from (select * from unnest($1::bigint[], $2::int[]) with ordinality as k(run_id, idx, n) limit $3) k
      join flotilla.tasks t on t.run_id = k.run_id and t.idx = k.idx
      join flotilla.runs r on r.id = t.run_id
      join flotilla.run_specs rs on rs.run_id = t.run_id
      join flotilla.task_specs s on s.run_id = t.run_id and s.idx = t.idx`

/** What many tasks start from, in one query; null for those that are gone. */
export async function readTaskRecords(pool: pg.Pool, refs: readonly TaskRef[]): Promise<(TaskRecord | null)[]> {
  const { rows } = await pool.query<TaskRecord & { n: number }>({
    name: 'task_records',
    text: TASK_RECORDS,
    values: [refs.map(({ runId }) => runId), refs.map(({ idx }) => idx), refs.length],
  })
  const found = new Map(rows.map(({ n, ...record }) => [n, record]))
  return refs.map((_ref, i) => found.get(i + 1) ?? null)
}

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
