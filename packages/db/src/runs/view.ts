import {
  leastLimit,
  lowLimitText,
  scarceText,
  NO_SPEND,
  type BudgetStop,
  type JsonObject,
  type PauseView,
  type RunView,
  type Spent,
} from '@flotilla/domain'
import { sql, type Selectable } from 'kysely'
import { shownUnknown, unknownOf, type Unknown } from '../budgets/cost-sums.ts'
import type { Db } from '../connect.ts'
import type { RunSpecTable, RunTable } from '../schema.ts'
import { cancellationView, selectCancellation, type CancellationRow } from './cancellation.ts'

type Spec = Pick<
  Selectable<RunSpecTable>,
  | 'goal'
  | 'inputs'
  | 'mode'
  | 'labels'
  | 'budget'
  | 'analysis'
  | 'dispatch'
  | 'result'
  | 'quality'
  | 'error'
  | 'simulated'
>
export type RunRow = Selectable<RunTable> &
  Spec & {
    now: Date
    reserved: Spent | null
    calls: number
    unknown: Unknown
    cancellation: CancellationRow | null
    pause: PauseRow | null
  }

type PauseRow = Readonly<{ by: PauseView['by'] | null; reason: string | null; stop: PauseStop | null }>
/** The `budget` of `budget.exceeded`; of a deadline it may have fewer amounts. */
type PauseStop = Partial<BudgetStop>

/** A run as a list shows it: without what can be large. */
export type RunSummaryView = Omit<RunView, 'inputs' | 'analysis' | 'dispatch' | 'result' | 'cancellation' | 'pause'>

/** Named one by one: a statement that selects whatever there is cannot stay prepared across a migration. */
const RUN_COLUMNS = [
  'r.id',
  'r.workspace_id',
  'r.uid',
  'r.status',
  'r.live',
  'r.learned',
  'r.auto_start',
  'r.expanded',
  'r.priority',
  'r.plan_version',
  'r.seq',
  'r.fence',
  'r.holder',
  'r.due',
  'r.tries',
  'r.total',
  'r.todo',
  'r.completed',
  'r.failed',
  'r.skipped',
  'r.input_tokens',
  'r.cached_input_tokens',
  'r.cache_write_tokens',
  'r.output_tokens',
  'r.reasoning_tokens',
  'r.tool_calls',
  'r.model_calls',
  'r.cost_usd',
  'r.created_at',
  'r.started_at',
  'r.finished_at',
  'r.resume_to',
  'r.paused_at',
  'r.deadline',
  'r.paused_ms',
  'r.retention',
  'r.draws_on',
] as const
const SUMMARY_COLUMNS = ['s.goal', 's.mode', 's.labels', 's.budget', 's.quality', 's.error', 's.simulated'] as const

/** Rows for `runSummary`; `now` is the database's clock, which wrote the other times too. */
export const selectRunSummaries = (db: Db) =>
  db
    .selectFrom('runs as r')
    .innerJoin('run_specs as s', (join) => join.on(sql<boolean>`s.run_id = any (array[r.id])`))
    .select(RUN_COLUMNS)
    .select(SUMMARY_COLUMNS)
    .select(sql<Date>`clock_timestamp()`.as('now'))
    .select(selectReserved().as('reserved'))
    .select(selectUnderWay().as('calls'))
    .select(unknownOf(sql`l.workspace_id = r.workspace_id and l.run_id = r.id`).as('unknown'))

/** What calls under way hold; null where none was ever made. Time is not held: it passes. */
const selectReserved = () => sql<Spent | null>`(
  select jsonb_build_object('tokens', b.tokens_reserved, 'costUsd', b.cost_usd_reserved, 'toolCalls', b.tool_calls_reserved, 'seconds', 0)
  from flotilla.budgets b where b.run_id = r.id and b.level = 'run')`

const selectUnderWay = () => sql<number>`(
  select count(*)::int from flotilla.budget_calls c where c.run_id = r.id and c.status = 'reserved')`

/** Rows for `runView`. */
export const selectRuns = (db: Db) =>
  selectRunSummaries(db)
    .select(['s.inputs', 's.analysis', 's.dispatch', 's.result'])
    .select(selectCancellation().as('cancellation'))
    .select(selectPause().as('pause'))

/** Of a run that is paused now: its last events of the kind say by whom, and for whose budget. */
const selectPause = () => sql<PauseRow | null>`(
  select jsonb_build_object('by', e.data ->> 'by', 'reason', e.data ->> 'reason', 'stop', case when e.data ->> 'by' = 'budget' then (
    select x.data -> 'budget' from flotilla.events x where x.run_id = r.id and x.type = 'budget.exceeded' order by x.seq desc limit 1) end) from flotilla.events e
  where r.status = 'paused' and e.run_id = r.id and e.type = 'run.paused' order by e.seq desc limit 1)`

/** `standing`: what a paused run would still be stopped by now; null where its call fits, undefined where nobody has looked. */
export function runView(row: RunRow, standing?: BudgetStop | null): RunView {
  return {
    ...runSummary(row),
    inputs: row.inputs,
    analysis: row.analysis,
    dispatch: row.dispatch,
    result: row.result,
    cancellation: row.cancellation && cancellationView(row.cancellation),
    ...(row.pause && row.paused_at && { pause: pauseOf(row.pause, row, standing) }),
  }
}

function pauseOf({ by, reason, stop }: PauseRow, row: Paused, standing: BudgetStop | null | undefined): PauseView {
  const goesOn = row.budget.onExceeded !== 'pause' || (stop?.dimension !== undefined && standing === null)
  return {
    by: by ?? 'user',
    reason,
    level: stop?.level ?? null,
    ...(standing && { needs: { dimension: standing.dimension, least: leastLimit(standing) } }),
    ...(by === 'budget' && goesOn && { resumable: true as const }),
    since: (row.paused_at ?? row.now).toISOString(),
  }
}

type Paused = Pick<RunRow, 'budget' | 'paused_at' | 'now'>

export function runSummary(
  row: Omit<RunRow, 'inputs' | 'analysis' | 'dispatch' | 'result' | 'cancellation' | 'pause'>,
): RunSummaryView {
  return {
    id: row.uid,
    status: row.status,
    goal: row.goal,
    mode: row.mode,
    priority: row.priority,
    labels: row.labels,
    planVersion: row.plan_version,
    progress: progressOf(row),
    budget: budgetOf(row),
    usage: {
      inputTokens: row.input_tokens,
      cachedInputTokens: row.cached_input_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      outputTokens: row.output_tokens,
      reasoningTokens: row.reasoning_tokens,
      toolCalls: row.tool_calls,
      modelCalls: row.model_calls,
      costUsd: row.cost_usd,
    },
    quality: row.quality,
    error: row.error && failureView(row.error),
    simulated: row.simulated,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}

type Budgeted = Clocked & Pick<RunRow, 'model_calls' | 'budget' | 'reserved' | 'calls' | 'unknown' | 'live'>

/** Wall time is the run's deadline, which what is under way does not draw on. */
function budgetOf(row: Budgeted): RunView['budget'] {
  const { onExceeded: _policy, seconds: _wallTime, ...limits } = row.budget
  const amounts = { reserved: row.reserved ?? NO_SPEND, spent: spentOf(row) }
  const notice = row.live
    ? (lowLimitText({ limits, ...amounts }, row.calls) ?? scarceText({ limits, ...amounts }, row.model_calls))
    : null
  return { limits: limitsOf(row.budget), ...amounts, ...shownUnknown(row.unknown), ...(notice !== null && { notice }) }
}

type Counts = Pick<RunRow, 'total' | 'completed' | 'failed' | 'skipped'>

/** Of a cancelled run's tasks only those that ended by themselves count. */
function progressOf({ total, completed, failed, skipped }: Counts): RunView['progress'] {
  const percent = total === 0 ? 0 : Math.floor((100 * (completed + failed + skipped)) / total)
  return { total, completed, failed, skipped, percent }
}

/** What a limit's excess leads to says nothing where there is no limit. */
function limitsOf({ onExceeded, ...limits }: RunRow['budget']): JsonObject {
  return Object.keys(limits).length === 0 ? {} : { ...(limits as JsonObject), onExceeded }
}

type Clocked = Pick<
  RunRow,
  | 'input_tokens'
  | 'output_tokens'
  | 'cost_usd'
  | 'tool_calls'
  | 'started_at'
  | 'finished_at'
  | 'paused_at'
  | 'paused_ms'
  | 'now'
>

/** Time in a pause is not spent. */
function spentOf(row: Clocked): RunView['budget']['spent'] {
  const until = row.finished_at ?? row.paused_at ?? row.now
  return {
    tokens: row.input_tokens + row.output_tokens,
    costUsd: row.cost_usd,
    toolCalls: row.tool_calls,
    seconds:
      row.started_at === null ? 0 : Math.max(0, until.getTime() - row.started_at.getTime() - row.paused_ms) / 1_000,
  }
}

/** A failure as it is shown: what only retries need stays inside. */
export const failureView = (
  failure: Readonly<{ code: string; message: string; taskKey?: string }>,
): NonNullable<RunView['error']> => ({
  code: failure.code,
  message: failure.message,
  ...(failure.taskKey === undefined ? {} : { taskKey: failure.taskKey }),
})
