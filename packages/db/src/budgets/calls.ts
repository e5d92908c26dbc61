import type {
  Amounts,
  BudgetAccount,
  BudgetStop,
  CallPurpose,
  CostKinds,
  JsonObject,
  TokenKinds,
} from '@flotilla/domain'
import { sql } from 'kysely'
import type pg from 'pg'
import type { Tx } from '../connect.ts'
import { withoutNulls, type AccountRow } from './account-row.ts'

/** `key` names one try of one call within its run: the same key again neither holds nor pays again. */
export type CallRef = Readonly<{ runId: number; key: string }>

/** What the call may use at worst. `told`: it was made cheaper than it was wanted, which the run is told once it is held. */
export type AskedCall = Readonly<{
  kind: 'model' | 'tool'
  name: string
  purpose?: CallPurpose
  most: Amounts
  told?: JsonObject
}>

/** Without `idx` the claim is that of a planner or finisher. */
export type CallAsk = CallRef & AskedCall & Readonly<{ idx: number | null; fence: number }>

/**
 * `admitted`: the call may be made, within `leftMs` where the run has a deadline. `settled`: this call was made and paid before.
 * `closed`: it was given up before; another try has another key. `accounts`: those with a limit, as they are now.
 */
export type Admission =
  | Readonly<{ status: 'admitted'; leftMs: number | null; accounts: readonly BudgetAccount[] }>
  | Readonly<{ status: 'budget'; stop: BudgetStop; accounts: readonly BudgetAccount[] }>
  | Readonly<{ status: 'settled' | 'closed' | 'fence_lost' | 'cancelled' | 'paused' | 'ended' | 'out_of_time' }>

const RESERVE = 'flotilla.reserve_calls($1, $2, $3, $4, $5::jsonb[])'

/**
 * Admits calls: each is held on the accounts of task, run, what the run draws on, and workspace, or on none. One statement and
 * one commit; an answer for each, in order.
 */
export async function reserveCalls(pool: pg.Pool, calls: readonly CallAsk[]): Promise<Admission[]> {
  return (await call<AdmissionRow[]>(pool, 'reserve_calls', `select ${RESERVE} as r`, reserveValues(calls))).map(
    admissionOf,
  )
}

/** Ends calls, and then admits others, in one round trip: what the first give back is there for the second. */
export async function settleAndReserveCalls(
  pool: pg.Pool,
  ended: readonly EndedCall[],
  calls: readonly CallAsk[],
): Promise<Admission[]> {
  if (ended.length === 0) return reserveCalls(pool, calls)
  // Volatile functions: each statement in them sees what was done before it.
  const text = `with s as materialized (select flotilla.settle_calls($6, $7, $8::jsonb[]) as ended)
    select case when s.ended is null then null else ${RESERVE} end as r from s`
  const values = [...reserveValues(calls), ...settleValues(ended)]
  return (await call<AdmissionRow[]>(pool, 'settle_and_reserve_calls', text, values)).map(admissionOf)
}

const reserveValues = (calls: readonly CallAsk[]): unknown[] => [
  calls.map((c) => c.runId),
  calls.map((c) => c.idx),
  calls.map((c) => c.fence),
  calls.map((c) => c.key),
  calls.map(askJson),
]

/** What a call asks for, as the record's functions read it. */
export const askJson = ({ kind, name, purpose, most, told }: AskedCall): string =>
  JSON.stringify({ kind, name, purpose, told, ...most })

export type AdmissionRow = Readonly<{ leftMs?: number | null; accounts?: readonly AccountRow[] | null }> &
  (({ status: 'budget' } & BudgetStop) | { status: Exclude<Admission['status'], 'budget'> })

export function admissionOf(row: AdmissionRow): Admission {
  const accounts = (row.accounts ?? []).map(withoutNulls)
  if (row.status === 'admitted') return { status: row.status, leftMs: row.leftMs ?? null, accounts }
  if (row.status !== 'budget') return { status: row.status }
  const { level, dimension, limit, reserved, settled, asked } = row
  return { status: 'budget', stop: { level, dimension, limit, reserved, settled, asked }, accounts }
}

/** An account of which 80 % are spent now, told once. */
export type BudgetWarning = Omit<BudgetStop, 'asked'> & Readonly<{ share: number }>

/** `over` is the part of `charged` that was not held for the call: its accounts may have passed their limits by it. */
export type CallEnd =
  | Readonly<{ status: 'settled'; charged: Amounts; over: Amounts; warned: readonly BudgetWarning[] }>
  | Readonly<{ status: 'released' | 'already' | 'unknown' }>

/** What a call used, and of what kinds, and whether that is an estimate; null for a call that never reached its provider. */
export type CallUsed = (Amounts & Readonly<{ usage?: TokenKinds; parts?: CostKinds; estimated?: true }>) | null

/** The end of a call, as a write of its claim brings it with it. */
export type CallPayment = Readonly<{ key: string; used: CallUsed }>
export type EndedCall = CallRef & CallPayment

/**
 * Ends calls with what they used; null for a call that never reached its provider. Not fenced, since what was spent was spent:
 * usage of a call that was given up as lost is charged too. An answer for each, in order.
 */
export const settleCalls = (pool: pg.Pool, calls: readonly EndedCall[]): Promise<CallEnd[]> =>
  call(pool, 'settle_calls', 'select flotilla.settle_calls($1, $2, $3::jsonb[]) as r', settleValues(calls))

const settleValues = (calls: readonly EndedCall[]): unknown[] => [
  calls.map((c) => c.runId),
  calls.map((c) => c.key),
  calls.map((c) => c.used && JSON.stringify(c.used)),
]

/** Gives back what is held for calls whose claim is gone, of up to `runs` runs; answers how many calls. */
export const releaseLostCalls = (pool: pg.Pool, runs: number): Promise<number> =>
  call(pool, 'release_lost_calls', 'select flotilla.release_lost_calls($1) as r', [runs])

/** The same of calls without a run that were begun longer ago than they can take. */
export const releaseLostMonthCalls = (pool: pg.Pool, olderThanMs: number): Promise<number> =>
  call(pool, 'release_lost_month_calls', 'select flotilla.release_lost_month_calls($1) as r', [`${olderThanMs} ms`])

/** A call that belongs to no run, by a key of its own: held on the workspace's month alone. */
export async function reserveMonthCall(tx: Tx, workspaceId: number, key: string, ask: AskedCall): Promise<Admission> {
  const { rows } = await sql<{ r: AdmissionRow }>`
    select flotilla.reserve_month_call(${workspaceId}, ${key}, ${askJson(ask)}::jsonb) as r`.execute(tx)
  return admissionOf((rows[0] as { r: AdmissionRow }).r)
}

/** Its end, as `settleCalls` has it. */
export async function settleMonthCall(tx: Tx, workspaceId: number, { key, used }: CallPayment): Promise<void> {
  await sql`select flotilla.settle_month_call(${workspaceId}, ${key}, ${used && JSON.stringify(used)}::jsonb)`.execute(
    tx,
  )
}

/** Prepared under a name of its own: Postgres keeps 63 characters of it. */
const call = async <T>(pool: pg.Pool, name: string, text: string, values: unknown[]): Promise<T> =>
  (await pool.query<{ r: T }>({ name, text, values })).rows[0]?.r as T
