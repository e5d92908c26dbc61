import type { CallPurpose, CostKinds, JsonObject, TokenKinds } from '@flotilla/domain'
import type { Generated } from 'kysely'
import type { Jsonb, Money, NullableJsonb, Time } from './schema-columns.ts'

/**
 * Why a task was handed back without a call: until when (milliseconds since the epoch), the lane whose place it keeps, and how
 * often in a row. `circuit`: the lane is not closed, but a worker's circuit of it open. `why` is put in by the settlement, from its
 * error.
 */
export type TaskWait = Readonly<{ until: number; laneId: string | null; times: number; circuit?: true; why?: string }>

export interface BudgetTable {
  id: Generated<number>
  workspace_id: number
  level: 'task' | 'run' | 'workspace'
  run_id: number | null
  idx: number | null
  month: Date | null
  /** Numbers of accounts, as text. */
  path: string[]
  warned_at: Time
  tokens_limit: number | null
  tokens_reserved: Generated<number>
  tokens_settled: Generated<number>
  tokens_over: Generated<number>
  cost_usd_limit: number | null
  cost_usd_reserved: Money
  cost_usd_settled: Money
  cost_usd_over: Money
  tool_calls_limit: number | null
  tool_calls_reserved: Generated<number>
  tool_calls_settled: Generated<number>
  tool_calls_over: Generated<number>
  seconds_limit: number | null
  seconds_reserved: Money
  seconds_settled: Money
  seconds_over: Money
}

export interface BudgetCallTable {
  /** Null: a call of no run, on the month alone. */
  run_id: number | null
  key: string
  workspace_id: number
  idx: number | null
  fence: number
  kind: 'model' | 'tool'
  name: string
  status: 'reserved' | 'settled' | 'released' | 'lost'
  /** Numbers of accounts, as text. */
  accounts: string[]
  tokens_reserved: Generated<number>
  cost_usd_reserved: Money
  tool_calls_reserved: Generated<number>
  seconds_reserved: Money
  tokens_charged: Generated<number>
  cost_usd_charged: Money
  tool_calls_charged: Generated<number>
  seconds_charged: Money
  tokens_over: Generated<number>
  cost_usd_over: Money
  tool_calls_over: Generated<number>
  seconds_over: Money
  reserved_at: Date
  ended_at: Time
  /** Of a model call; of a tool's null. */
  purpose: CallPurpose | null
  usage: NullableJsonb<TokenKinds>
  parts: NullableJsonb<CostKinds>
  /** Of a model call that is paid: its provider told no usage, or not all of it. */
  estimated: Generated<boolean>
}

/** The rate gate's, which alone reads the state. */
export interface ModelLaneTable {
  id: string
  state: Jsonb<JsonObject>
}
