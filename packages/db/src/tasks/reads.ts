import {
  NO_USAGE,
  isTerminalTask,
  shownTaskStatus,
  taskId,
  type Failure,
  type Finding,
  type StoredTaskStatus,
  type TaskFacts,
  type TaskSummaryView,
  type TaskWaitView,
  type Usage,
  type VerdictDecision,
} from '@flotilla/domain'
import { sql, type RawBuilder } from 'kysely'
import { TASK_BUDGET, taskBudget, type TaskBudgetRow } from '../budgets/task-budget.ts'
import type { Db, Tx } from '../connect.ts'
import { failureView } from '../runs/view.ts'
import type { TaskWait } from '../schema-budgets.ts'

type Run = Readonly<{ id: number; uid: string }>

export type TaskRow = Readonly<{
  runId: number
  idx: number
  key: string
  status: StoredTaskStatus
  role: string
  type: string
  title: string
  attempt: number
  begun: number
  tokens: number
  toolCalls: number
  costUsd: number
  startedAt: Date | null
  finishedAt: Date | null
  /** Of its last attempt. */
  latencyMs: number
  revisions: number
  agentId: string | null
  agentName: string | null
  model: string | null
  /** Of each turn, in order. */
  answeredBy: string[] | null
  dependsOn: string[]
  turns: number
  inputTokens: number | null
  cachedInputTokens: number | null
  cacheWriteTokens: number | null
  outputTokens: number | null
  reasoningTokens: number | null
  firstStartedAt: Date | null
  error: Failure | null
  decision: VerdictDecision | null
  score: number | null
  findings: Finding[] | null
  judged: number
  wait: TaskWait | null
}>
export type BudgetedTaskRow = TaskRow & TaskBudgetRow

/** What `selectTasks` looks at; not `*`, which could not stay prepared across a migration. */
export const TASK_COLUMNS = sql.raw(
  'run_id, idx, workspace_id, role, status, attempt, kind, tokens, tool_calls, cost_usd, started_at, finished_at, revisions, wait, deps',
)

/**
 * Rows for `taskSummary` of the tasks that `source` selects, in plan order. Each lateral is a walk of one task's few rows; `offset 0`
 * keeps what a task depends on from being looked for among all tasks of its run.
 */
export const selectTasks = (source: RawBuilder<unknown>): RawBuilder<TaskRow> =>
  selection<TaskRow>(source, NOTHING, NOTHING)

/** The same with what each has spent and holds, which finishing has no use for. */
export const selectBudgetedTasks = (source: RawBuilder<unknown>): RawBuilder<BudgetedTaskRow> =>
  selection<BudgetedTaskRow>(source, TASK_BUDGET.columns, TASK_BUDGET.join)

const NOTHING = sql``

const selection = <T>(source: RawBuilder<unknown>, columns: RawBuilder<unknown>, join: RawBuilder<unknown>) => sql<T>`
  select t.run_id as "runId", t.idx, s.key, t.status, t.role, s.type, s.title, t.attempt, t.tokens, t.tool_calls as "toolCalls", t.cost_usd as "costUsd",
    t.started_at as "startedAt", t.finished_at as "finishedAt", t.revisions,
    coalesce(extract(epoch from t.finished_at - t.started_at) * 1000, 0)::float8 as "latencyMs", a.uid as "agentId", s.agent_name as "agentName", s.model,
    case when t.status in ('ready', 'to_verify', 'revising') then t.wait end as wait,
    array(select d.key from unnest(t.deps) with ordinality o(idx, n)
      cross join lateral (select key from flotilla.task_specs where run_id = t.run_id and idx = o.idx offset 0) d order by o.n) as "dependsOn",
    f.begun + (t.status = 'in_progress' and t.kind <> 'continuation')::int as begun, u.turns, u."answeredBy", u."inputTokens", u."cachedInputTokens", u."cacheWriteTokens", u."outputTokens",
    u."reasoningTokens", f."firstStartedAt", f.error, v.decision, v.score, v.findings, j.judged${columns}
  from (${source}) t
    cross join lateral (
      select key, type, title, agent_id, agent_name, model, spec, error from flotilla.task_specs where run_id = t.run_id and idx = t.idx offset 0) s
    left join lateral (select uid from flotilla.agents where workspace_id = t.workspace_id and id = s.agent_id offset 0) a on true
    ${join}
    cross join lateral (
      select count(*) as turns, array_agg(model order by attempt, turn) as "answeredBy", sum((usage ->> 'inputTokens')::bigint)::bigint as "inputTokens",
        sum((usage ->> 'cachedInputTokens')::bigint)::bigint as "cachedInputTokens",
        sum((usage ->> 'cacheWriteTokens')::bigint)::bigint as "cacheWriteTokens",
        sum((usage ->> 'outputTokens')::bigint)::bigint as "outputTokens",
        sum((usage ->> 'reasoningTokens')::bigint)::bigint as "reasoningTokens"
      from flotilla.turns where run_id = t.run_id and idx = t.idx) u
    cross join lateral (
      select count(*) filter (where kind <> 'continuation') as begun, min(started_at) as "firstStartedAt", coalesce(s.error, (array_agg(error order by number desc))[1]) as error
      from flotilla.attempts where run_id = t.run_id and idx = t.idx) f
    cross join lateral (
      select count(*) filter (where judge_model is not null) as judged
      from flotilla.verdicts where run_id = t.run_id and idx = t.idx) j
    left join lateral (
      select decision, score, findings from flotilla.verdicts where run_id = t.run_id and idx = t.idx order by attempt desc limit 1) v on true
  order by t.idx`

export type TaskPage = Readonly<{ items: TaskSummaryView[]; next: number | null }>

/** A run's tasks in plan order; `after` is a position, -1 for the first page. */
export async function listTasks(tx: Tx, run: Run, page: Readonly<{ after: number; limit: number }>): Promise<TaskPage> {
  const { rows, next } = await pageOfTasks(tx, run, page)
  return { items: rows.map((row) => taskSummary(run, row)), next }
}

export async function pageOfTasks(
  db: Db,
  run: Run,
  page: Readonly<{ after: number; limit: number }>,
): Promise<Readonly<{ rows: BudgetedTaskRow[]; next: number | null }>> {
  const { rows } = await selectBudgetedTasks(
    sql`select ${TASK_COLUMNS} from flotilla.tasks where run_id = ${run.id} and idx > ${page.after} order by idx limit ${page.limit + 1}`,
  ).execute(db)
  const shown = rows.slice(0, page.limit)
  return { rows: shown, next: rows.length > page.limit ? (shown.at(-1)?.idx ?? null) : null }
}

export const taskSummary = (run: Run, row: BudgetedTaskRow): TaskSummaryView => ({
  ...taskFacts(run, row),
  budget: taskBudget(row),
})

export function taskFacts(run: Run, row: TaskRow): TaskFacts {
  const started = row.firstStartedAt ?? row.startedAt
  return {
    id: taskId(run.uid, row.idx),
    key: row.key,
    runId: run.uid,
    status: shownTaskStatus(row.status),
    role: row.role,
    type: row.type,
    title: row.title,
    dependsOn: row.dependsOn,
    agent: row.agentId === null ? null : { id: row.agentId, name: row.agentName ?? '' },
    ...modelsOf(row),
    attempt: row.attempt,
    begun: row.begun,
    usage: usageOf(row),
    score: row.score,
    startedAt: started?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    error: errorOf(row),
    ...(row.wait && { wait: waitOf(row.wait) }),
  }
}

/** Who answered, which need not be who was chosen. */
function modelsOf({ model, answeredBy }: TaskRow): Pick<TaskFacts, 'model' | 'models'> {
  const models = [...new Set(answeredBy)]
  return { model: answeredBy?.at(-1) ?? model, ...(models.length > 1 && { models }) }
}

const waitOf = ({ until, laneId, times, why }: TaskWait): TaskWaitView => ({
  until: new Date(until).toISOString(),
  why: why?.replace(/^waits: /, '') ?? null,
  lane: laneId,
  times,
})

/** Sums over the task's turns. What its judges used is known by its total only and is shown as input. */
function usageOf(row: TaskRow): Usage {
  const output = row.outputTokens ?? 0
  return {
    ...NO_USAGE,
    inputTokens: Math.max(row.inputTokens ?? 0, row.tokens - output),
    cachedInputTokens: row.cachedInputTokens ?? 0,
    cacheWriteTokens: row.cacheWriteTokens ?? 0,
    outputTokens: output,
    reasoningTokens: row.reasoningTokens ?? 0,
    toolCalls: row.toolCalls,
    modelCalls: row.turns + row.judged,
    costUsd: row.costUsd,
  }
}

/** A failed task's last attempt says why, unless none was begun; a judge's refusal ends a task whose attempt succeeded. A task that was left out says why, too. */
function errorOf(row: TaskRow): TaskFacts['error'] {
  if (row.status !== 'failed' && row.status !== 'cancelled' && row.status !== 'skipped') return null
  if (row.error !== null) return failureView(row.error)
  if (row.status !== 'failed' || row.decision === null) return null
  const failed = (row.findings ?? []).filter((finding) => !finding.passed).map((finding) => finding.criterion)
  return {
    code: 'verification_failed',
    message: `the output was refused; not met: ${failed.join('; ') || 'unknown criteria'}`,
  }
}

/** Where a task stands in its run, and whether it has ended; null when the run has no task of this key. */
export async function readTaskPlace(
  tx: Tx,
  runId: number,
  key: string,
): Promise<{ idx: number; ended: boolean } | null> {
  const row = await tx
    .selectFrom('task_specs as s')
    .innerJoin('tasks as t', (join) => join.onRef('t.run_id', '=', 's.run_id').onRef('t.idx', '=', 's.idx'))
    .select(['t.idx', 't.status'])
    .where('s.run_id', '=', runId)
    .where('s.key', '=', key)
    .executeTakeFirst()
  return row === undefined ? null : { idx: row.idx, ended: isTerminalTask(row.status) }
}
