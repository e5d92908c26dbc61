import type { Amounts, BudgetStop } from '@flotilla/domain'
import type pg from 'pg'

/** `key` names one try of one call within its run: the same key again neither holds nor pays again. */
export type CallRef = Readonly<{ runId: number; key: string }>

/** Without `idx` the claim is that of a planner or finisher. `most` is what the call may use at worst. */
export type CallAsk = CallRef &
  Readonly<{ idx: number | null; fence: number; kind: 'model' | 'tool'; name: string; most: Amounts }>

/**
 * `admitted`: the call may be made, within `leftMs` where the run has a deadline. `settled`: this call was made and paid before.
 * `closed`: it was given up before; another try has another key.
 */
export type Admission =
  | Readonly<{ status: 'admitted'; leftMs: number | null }>
  | Readonly<{ status: 'budget'; stop: BudgetStop }>
  | Readonly<{ status: 'settled' | 'closed' | 'fence_lost' | 'cancelled' | 'paused' | 'ended' | 'out_of_time' }>

/**
 * Admits calls: each is held on the accounts of task, run, what the run draws on, and workspace, or on none. One statement and
 * one commit; an answer for each, in order.
 */
export async function reserveCalls(pool: pg.Pool, calls: readonly CallAsk[]): Promise<Admission[]> {
  const rows = await call<AdmissionRow[]>(pool, 'select flotilla.reserve_calls($1, $2, $3, $4, $5::jsonb[]) as r', [
    calls.map((c) => c.runId),
    calls.map((c) => c.idx),
    calls.map((c) => c.fence),
    calls.map((c) => c.key),
    calls.map((c) => JSON.stringify({ kind: c.kind, name: c.name, ...c.most })),
  ])
  return rows.map(admissionOf)
}

type AdmissionRow = Readonly<{ leftMs?: number | null }> &
  (({ status: 'budget' } & BudgetStop) | { status: Exclude<Admission['status'], 'budget'> })

function admissionOf(row: AdmissionRow): Admission {
  if (row.status === 'admitted') return { status: row.status, leftMs: row.leftMs ?? null }
  if (row.status !== 'budget') return { status: row.status }
  const { level, dimension, limit, reserved, settled, asked } = row
  return { status: 'budget', stop: { level, dimension, limit, reserved, settled, asked } }
}

/** An account of which 80 % are spent now, told once. */
export type BudgetWarning = Omit<BudgetStop, 'asked'> & Readonly<{ share: number }>

/** `over` was used beyond what there was room for: it is in the ledger, and no account is charged with it. */
export type CallEnd =
  | Readonly<{ status: 'settled'; charged: Amounts; over: Amounts; warned: readonly BudgetWarning[] }>
  | Readonly<{ status: 'released' | 'already' | 'unknown' }>

/**
 * Ends calls with what they used; null for a call that never reached its provider. Not fenced, since what was spent was spent:
 * usage of a call that was given up as lost is charged as far as there is room. An answer for each, in order.
 */
export function settleCalls(
  pool: pg.Pool,
  calls: readonly (CallRef & Readonly<{ used: Amounts | null }>)[],
): Promise<CallEnd[]> {
  return call(pool, 'select flotilla.settle_calls($1, $2, $3::jsonb[]) as r', [
    calls.map((c) => c.runId),
    calls.map((c) => c.key),
    calls.map((c) => c.used && JSON.stringify(c.used)),
  ])
}

/** Gives back what is held for calls whose claim is gone, of up to `runs` runs; answers how many calls. */
export const releaseLostCalls = (pool: pg.Pool, runs: number): Promise<number> =>
  call(pool, 'select flotilla.release_lost_calls($1) as r', [runs])

const call = async <T>(pool: pg.Pool, text: string, values: unknown[]): Promise<T> =>
  (await pool.query<{ r: T }>({ name: text, text, values })).rows[0]?.r as T
