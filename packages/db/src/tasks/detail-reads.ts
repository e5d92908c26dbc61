import {
  NO_USAGE,
  type AttemptKind,
  type AttemptView,
  type Json,
  type Output,
  type Selection,
  type TaskView,
  type ToolCallView,
  type TurnView,
  type VerdictView,
} from '@flotilla/domain'
import { sql } from 'kysely'
import type { Tx } from '../connect.ts'
import { failureView } from '../runs/view.ts'
import { selectBudgetedTasks, taskSummary, type TaskRow } from './reads.ts'
import { readCutOffCalls } from './cut-off-reads.ts'
import { readTally } from './tally.ts'

type Run = Readonly<{ id: number; uid: string }>
type Ref = Readonly<{ runId: number; idx: number }>

/** One task with everything that happened to it; null when the run has no task of this key, or is not expanded yet. */
export async function readTask(tx: Tx, run: Run, key: string): Promise<TaskView | null> {
  const { rows } = await selectBudgetedTasks(sql`
    select k.* from flotilla.tasks k join flotilla.task_specs ks on ks.run_id = k.run_id and ks.idx = k.idx
    where ks.run_id = ${run.id} and ks.key = ${key}`).execute(tx)
  const row = rows[0]
  if (row === undefined) return null
  const ref = { runId: run.id, idx: row.idx }
  const spec = await readSpec(tx, ref)
  const { turns, context } = await readTurns(tx, ref)
  const ended = await readAttempts(tx, ref)
  return {
    ...taskSummary(run, row),
    instructions: spec.instructions,
    // It may have ended between these reads.
    attempts: ended.some(({ number }) => number === row.attempt)
      ? ended
      : [...ended, ...runningAttempt(row, spec, turns)],
    turns,
    cutOffCalls: ended.some(({ status }) => status !== 'succeeded') ? await readCutOffCalls(tx, ref) : [],
    verdicts: await readVerdicts(tx, ref),
    selection: spec.selection,
    context,
    counts: await readTally(tx, ref),
    output: await readOutput(tx, ref),
  }
}

type TaskSpec = Readonly<{
  instructions: string
  selection: Selection | null
  kind: AttemptKind
  worker: string | null
}>

async function readSpec(tx: Tx, ref: Ref): Promise<TaskSpec> {
  const row = await tx
    .selectFrom('task_specs as s')
    .innerJoin('tasks as t', (join) => join.onRef('t.run_id', '=', 's.run_id').onRef('t.idx', '=', 's.idx'))
    .select(['s.spec', 's.selection', 't.kind', 't.worker'])
    .where('s.run_id', '=', ref.runId)
    .where('s.idx', '=', ref.idx)
    .executeTakeFirstOrThrow()
  return { instructions: row.spec.instructions, selection: row.selection, kind: row.kind, worker: row.worker }
}

async function readAttempts(tx: Tx, ref: Ref): Promise<AttemptView[]> {
  const rows = await tx
    .selectFrom('attempts')
    .selectAll()
    .where('run_id', '=', ref.runId)
    .where('idx', '=', ref.idx)
    .orderBy('number')
    .execute()
  return rows.map((row) => ({
    number: row.number,
    kind: row.kind,
    status: row.status,
    worker: row.worker,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at.toISOString(),
    usage: { ...NO_USAGE, ...row.usage },
    error: row.error && failureView(row.error),
  }))
}

/** An attempt gets its row when it ends; until then the task's own row tells of it. */
function runningAttempt(row: TaskRow, spec: TaskSpec, turns: readonly TurnView[]): AttemptView[] {
  if (row.status !== 'in_progress' || row.startedAt === null) return []
  const own = turns.filter((turn) => turn.attempt === row.attempt)
  const sum = (field: keyof typeof NO_USAGE): number => own.reduce((total, turn) => total + turn.usage[field], 0)
  return [
    {
      number: row.attempt,
      kind: spec.kind,
      status: 'running',
      worker: spec.worker ?? '',
      startedAt: row.startedAt.toISOString(),
      finishedAt: null,
      usage: {
        inputTokens: sum('inputTokens'),
        cachedInputTokens: sum('cachedInputTokens'),
        cacheWriteTokens: sum('cacheWriteTokens'),
        outputTokens: sum('outputTokens'),
        reasoningTokens: sum('reasoningTokens'),
        toolCalls: own.reduce((total, turn) => total + turn.toolCalls.length, 0),
        modelCalls: own.length,
        costUsd: sum('costUsd'),
      },
      error: null,
    },
  ]
}

/** The turns of all attempts with their tool calls, and the context record of the last attempt's first turn. */
async function readTurns(tx: Tx, ref: Ref): Promise<{ turns: TurnView[]; context: Json | null }> {
  const rows = await tx
    .selectFrom('turns')
    .selectAll()
    .where('run_id', '=', ref.runId)
    .where('idx', '=', ref.idx)
    .orderBy('attempt')
    .orderBy('turn')
    .execute()
  const calls = await readToolCalls(tx, ref)
  const turns = rows.map((row) => ({
    attempt: row.attempt,
    turn: row.turn,
    model: row.model,
    request: row.request,
    reply: row.reply,
    stopReason: row.stop_reason,
    usage: row.usage,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at.toISOString(),
    toolCalls: calls.get(`${row.attempt}/${row.turn}`) ?? [],
  }))
  return { turns, context: rows.findLast((row) => row.context !== null)?.context ?? null }
}

async function readToolCalls(tx: Tx, ref: Ref): Promise<Map<string, ToolCallView[]>> {
  const rows = await tx
    .selectFrom('tool_calls')
    .selectAll()
    .where('run_id', '=', ref.runId)
    .where('idx', '=', ref.idx)
    .orderBy('attempt')
    .orderBy('turn')
    .orderBy('n')
    .execute()
  const calls = new Map<string, ToolCallView[]>()
  for (const row of rows) {
    const at = `${row.attempt}/${row.turn}`
    const view: ToolCallView = {
      effectId: row.effect_id,
      tool: row.tool,
      arguments: row.arguments,
      status: row.status,
      result: row.result,
      startedAt: row.started_at.toISOString(),
      finishedAt: row.finished_at?.toISOString() ?? null,
    }
    calls.set(at, [...(calls.get(at) ?? []), view])
  }
  return calls
}

async function readVerdicts(tx: Tx, ref: Ref): Promise<VerdictView[]> {
  const rows = await tx
    .selectFrom('verdicts')
    .selectAll()
    .where('run_id', '=', ref.runId)
    .where('idx', '=', ref.idx)
    .orderBy('attempt')
    .execute()
  return rows.map((row) => ({
    attempt: row.attempt,
    decision: row.decision,
    score: row.score,
    findings: row.findings,
    judgeModel: row.judge_model,
    at: row.at.toISOString(),
  }))
}

async function readOutput(tx: Tx, ref: Ref): Promise<Output | null> {
  const row = await tx
    .selectFrom('outputs')
    .select('output')
    .where('run_id', '=', ref.runId)
    .where('idx', '=', ref.idx)
    .orderBy('attempt', 'desc')
    .executeTakeFirst()
  return row?.output ?? null
}
