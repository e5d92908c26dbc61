import type { Analysis, Dispatch, Failure, JsonObject, Plan, Usage } from '@flotilla/domain'
import { sql } from 'kysely'
import { json, transact, type Db, type Tx } from '../connect.ts'
import { appendEvent } from '../events/append.ts'
import { lockClaimedRun } from './claims.ts'

type Fenced = Readonly<{ runId: number; fence: number }>
type Claim = Fenced & Readonly<{ workspaceId: number }>
export type PlannerTurn = Readonly<{ model: string; request: unknown; reply: unknown; usage: Usage }>

/** What the analyser understood, and what that used. */
export type AnalysisRecord = Readonly<{
  analysis: Analysis
  usage: Usage
  /** More of `run.analyzed`. */
  told?: JsonObject | undefined
}>

export const analyzedEvent = ({ analysis, told }: AnalysisRecord): JsonObject => {
  const { type, confidence, complexity, by } = analysis
  return { type, confidence, complexity, by, ...told }
}

export const readyEvent = (dispatch: Dispatch, tasks: number): JsonObject => ({ tasks, by: dispatch.planner })

/** False: the fence is lost. */
export async function recordAnalysis(db: Db, claim: Fenced, input: AnalysisRecord): Promise<boolean> {
  const { rows } = await sql<{ ok: boolean }>`
    select flotilla.record_analysis(${claim.runId}, ${claim.fence}, ${json(input.analysis)}::jsonb, ${json(input.usage)}::jsonb,
      ${json(analyzedEvent(input))}::jsonb) as ok`.execute(db)
  return rows[0]?.ok ?? false
}

type Spent = Readonly<{ turns: readonly PlannerTurn[]; usage: Usage }>
type PlanReady = Readonly<{ version: number; rest: boolean }>

export type RecordPlan = Spent &
  Readonly<{
    plan: Plan
    madeBy: string
    dispatch: Dispatch
    simulated: boolean
    /** More of `run.plan_ready`. */
    told?: JsonObject
  }>

/**
 * A plan version with how it came about. With a plan of the user's only the dispatch is written. Answers what comes next:
 * expand it, or rest until a start; null when the fence is lost.
 */
export function recordPlan(db: Db, claim: Claim, input: RecordPlan): Promise<PlanReady | null> {
  return transact(db, async (tx) => {
    const run = await lockClaimedRun(tx, claim)
    if (run === null) return null
    const version = run.planVersion + 1
    await tx
      .insertInto('plans')
      .values({
        run_id: claim.runId,
        version,
        workspace_id: claim.workspaceId,
        made_by: input.madeBy,
        tasks: json(input.plan.tasks),
        result: input.plan.result ?? null,
      })
      .execute()
    await recordSpent(tx, claim, input)
    const event = { ...readyEvent(input.dispatch, input.plan.tasks.length), ...input.told }
    const { rows } = await sql<{ ready: PlanReady }>`
      select flotilla.settle_dispatch(${claim.runId}, ${version}, ${json(input.dispatch)}::jsonb, ${input.simulated},
        ${json(event)}::jsonb) as ready`.execute(tx)
    return rows[0]?.ready ?? null
  })
}

/** A plan that was handed in: nothing to write but the dispatch. */
export async function acceptPlan(
  db: Db,
  claim: Fenced,
  dispatch: Dispatch,
  tasks: number,
  simulated: boolean,
): Promise<PlanReady | null> {
  const { rows } = await sql<{ ready: PlanReady | null }>`
    select flotilla.accept_plan(${claim.runId}, ${claim.fence}, ${json(dispatch)}::jsonb, ${simulated},
      ${json(readyEvent(dispatch, tasks))}::jsonb) as ready`.execute(db)
  return rows[0]?.ready ?? null
}

async function recordSpent(tx: Tx, claim: Claim, { turns, usage }: Spent): Promise<void> {
  await sql`select flotilla.add_run_usage(${claim.runId}, ${json(usage)}::jsonb)`.execute(tx)
  if (turns.length === 0) return
  await tx
    .insertInto('planner_turns')
    .values(
      turns.map((turn, i) => ({
        run_id: claim.runId,
        fence: claim.fence,
        turn: i + 1,
        workspace_id: claim.workspaceId,
        model: turn.model,
        request: json(turn.request),
        reply: json(turn.reply),
        usage: json(turn.usage),
      })),
    )
    .execute()
}

/** Ends a run that could not be planned. False: the fence is lost. */
export function failPlanning(db: Db, claim: Claim, input: Spent & Readonly<{ failure: Failure }>): Promise<boolean> {
  return transact(db, async (tx) => {
    if ((await lockClaimedRun(tx, claim)) === null) return false
    await recordSpent(tx, claim, input)
    await tx
      .updateTable('run_specs')
      .set({ error: json(input.failure) })
      .where('run_id', '=', claim.runId)
      .execute()
    await appendEvent(tx, {
      runId: claim.runId,
      workspaceId: claim.workspaceId,
      type: 'run.failed',
      data: { error: { ...input.failure } },
    })
    await tx
      .updateTable('runs')
      .set({
        status: 'failed',
        live: false,
        holder: null,
        due: null,
        resume_to: null,
        paused_at: null,
        finished_at: sql<Date>`clock_timestamp()`,
      })
      .where('id', '=', claim.runId)
      .execute()
    return true
  })
}

/** Holds a run that rests: no worker is called so. */
const NOBODY = ''

/**
 * Gives a claim back without a plan, with what was spent on it: planning is due again after `delayMs`, and not before, whoever
 * is woken for it. `interrupted`: the planner was stopped, which counts as no try. The fence moves, so that a heartbeat on its
 * way does not renew the lease. False: the fence is lost.
 */
export function postponePlanning(
  db: Db,
  claim: Claim,
  input: Spent & Readonly<{ delayMs: number; interrupted?: boolean }>,
): Promise<boolean> {
  return transact(db, async (tx) => {
    if ((await lockClaimedRun(tx, claim)) === null) return false
    await recordSpent(tx, claim, input)
    await tx
      .updateTable('runs')
      .set((eb) => ({
        ...(input.interrupted === true ? { tries: sql<number>`greatest(0, tries - 1)` } : {}),
        // A holder whose lease ends then keeps others away until then.
        holder: input.delayMs > 0 ? NOBODY : null,
        fence: eb('fence', '+', 1),
        due: sql<Date>`clock_timestamp() + ${`${input.delayMs} ms`}::interval`,
      }))
      .where('id', '=', claim.runId)
      .execute()
    return true
  })
}
