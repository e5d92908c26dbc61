import type { JsonObject } from '@flotilla/domain'
import type pg from 'pg'
import {
  admissionOf,
  askJson,
  type Admission,
  type AdmissionRow,
  type AskedCall,
  type CallPayment,
} from '../budgets/calls.ts'
import { json } from '../connect.ts'
import { wakeUpOf, type TaskRef, type TurnRecord, type WakeRow, type WakeUp } from './step.ts'

export type Claim = TaskRef & Readonly<{ fence: number }>

const call = async <T>(pool: pg.Pool, name: string, text: string, values: unknown[]): Promise<T> =>
  (await pool.query<{ r: T }>({ name, text, values })).rows[0]?.r as T

/** Calls that have ended and that a write brings with it: they are paid whatever becomes of the write. */
type WithCalls = Readonly<{ calls?: readonly CallPayment[] }>

/** A turn before its tool calls begin. False: the fence is lost. */
export const recordTurn = (
  pool: pg.Pool,
  claim: Claim,
  turn: TurnRecord & WithCalls & { event: JsonObject },
): Promise<boolean> =>
  call(pool, 'record_turn', 'select flotilla.record_turn($1, $2, $3, $4) as r', [
    claim.runId,
    claim.idx,
    claim.fence,
    json(turn),
  ])

export type ToolCallKey = Readonly<{ attempt: number; turn: number; n: number }>

/** What a tool's call asks of the budgets, by the key of this try. */
type ToolAsk = Readonly<{ key: string; ask: AskedCall }>

/** A tool call before its dispatch. Unless it has begun, nothing may be dispatched. */
export async function beginToolCall(
  pool: pg.Pool,
  claim: Claim,
  toolCall: ToolCallKey & ToolAsk & Readonly<{ callId: string; effectId: string; tool: string; arguments: JsonObject }>,
): Promise<Readonly<{ status: 'begun' }> | Exclude<Admission, { status: 'admitted' }>> {
  const { ask, ...data } = toolCall
  const row = await call<AdmissionRow | { status: 'begun' }>(
    pool,
    'start_tool_call',
    `select flotilla.begin_tool_call($1, $2, $3, $4::jsonb || jsonb_build_object('ask', $5::jsonb)) as r`,
    [claim.runId, claim.idx, claim.fence, json(data), askJson(ask)],
  )
  if (row.status === 'begun') return { status: row.status }
  const refused = admissionOf(row)
  if (refused.status === 'admitted') throw new Error('a tool call was admitted and not begun')
  return refused
}

/** The outcome of a tool call. False: the fence is lost. */
export const finishToolCall = (
  pool: pg.Pool,
  claim: Claim,
  outcome: ToolCallKey & WithCalls & Readonly<{ status: 'succeeded' | 'failed'; result: string; event: JsonObject }>,
): Promise<boolean> =>
  call(pool, 'finish_tool_call', 'select flotilla.finish_tool_call($1, $2, $3, $4) as r', [
    claim.runId,
    claim.idx,
    claim.fence,
    json(outcome),
  ])

/** Renews leases; answers the claims that are no longer held. */
export async function heartbeat(pool: pg.Pool, claims: readonly Claim[], leaseMs: number): Promise<Claim[]> {
  const lost = await call<[number, number, number][] | null>(
    pool,
    'heartbeat',
    'select flotilla.heartbeat($1, $2, $3, $4) as r',
    [claims.map((c) => c.runId), claims.map((c) => c.idx), claims.map((c) => c.fence), `${leaseMs} ms`],
  )
  return (lost ?? []).map(([runId, idx, fence]) => ({ runId, idx, fence }))
}

export type SweepInput = Readonly<{
  after: number
  limit: number
  ready: boolean
  deep: boolean
  maxRecoveries: number
  /** Wakes also what would be overdue only that much later: its wake-up is known to be lost. */
  earlyMs?: number
}>
export type RunWakeUp = Readonly<{ runId: number; priority: number }>
export type SweepResult = Readonly<{
  /** The last run of this page; null when there was none. */
  last: number | null
  wake: readonly WakeUp[]
  recovered: readonly WakeUp[]
  /** Lost once more than is allowed; `worker`: the one that held it last. */
  poisoned: readonly (Claim & { judged: boolean; worker: string })[]
  plan: readonly RunWakeUp[]
  finish: readonly RunWakeUp[]
}>

type SweepRow = {
  last: number | null
  wake?: WakeRow[] | null
  recovered?: WakeRow[] | null
  poisoned?: [number, number, number, boolean, string | null][] | null
  plan?: [number, number][] | null
  finish?: [number, number][] | null
}
const runWakeUp = ([runId, priority]: [number, number]): RunWakeUp => ({ runId, priority })

/** One bounded page of the reconciler's walk over the live runs. */
export async function sweep(pool: pg.Pool, input: SweepInput): Promise<SweepResult> {
  const row = await call<SweepRow>(pool, 'sweep', 'select flotilla.sweep($1, $2, $3, $4, $5, $6) as r', [
    input.after,
    input.limit,
    input.ready,
    input.deep,
    input.maxRecoveries,
    `${input.earlyMs ?? 0} ms`,
  ])
  return {
    last: row.last,
    wake: (row.wake ?? []).map(wakeUpOf),
    recovered: (row.recovered ?? []).map(wakeUpOf),
    poisoned: (row.poisoned ?? []).map(([runId, idx, fence, judged, worker]) => ({
      runId,
      idx,
      fence,
      judged,
      worker: worker ?? '?',
    })),
    plan: (row.plan ?? []).map(runWakeUp),
    finish: (row.finish ?? []).map(runWakeUp),
  }
}
