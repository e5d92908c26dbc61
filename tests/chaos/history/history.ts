import type { Amounts, BudgetLevel, BudgetLimits, JsonObject, TokenKinds } from '@flotilla/domain'

/** What the record holds of one run, as the checks read it. Times in milliseconds since the epoch, by the database's clock. */
export type RunHistory = Readonly<{
  run: RunRow
  tasks: readonly TaskRow[]
  /** In the order of their numbers. */
  events: readonly EventRow[]
  attempts: readonly AttemptRow[]
  outputs: readonly OutputRow[]
  turns: readonly TurnRow[]
  /** Tasks with a dead letter. */
  deadLetters: readonly number[]
  /** Of the run and of its tasks. */
  accounts: readonly AccountRow[]
  ledger: readonly LedgerRow[]
}>

export type RunRow = Readonly<{
  id: number
  uid: string
  /** Number of the plan that was submitted; null for a run of somebody else. */
  plan: number | null
  status: string
  live: boolean
  seq: number
  total: number
  todo: number
  completed: number
  failed: number
  skipped: number
  tokens: number
}>

export type TaskRow = Readonly<{
  idx: number
  status: string
  fence: number
  attempt: number
  recoveries: number
  deps: readonly number[]
  tokens: number
}>

export type EventRow = Readonly<{ seq: number; idx: number | null; type: string; at: number; data: JsonObject }>
export type AttemptRow = Readonly<{ idx: number; number: number; kind: string; status: string; error: string | null }>
export type OutputRow = Readonly<{ idx: number; attempt: number; text: string; hash: string }>
/** `model` is the name that the provider answered under. */
export type TurnRow = Readonly<{
  idx: number
  attempt: number
  turn: number
  model: string
  inputTokens: number
  outputTokens: number
}>

/** What a run, a task or a workspace's month may spend, what is held of it for calls under way, and what is spent. */
export type AccountRow = Readonly<{
  id: number
  level: BudgetLevel
  idx: number | null
  limits: BudgetLimits
  reserved: Amounts
  settled: Amounts
  /** Of what is settled, what was not held for its calls. */
  over: Amounts
  /** Spent and held beyond the limit when that was lowered. */
  above: Amounts
}>

/** A model's or tool's call as the ledger has it. */
export type LedgerRow = Readonly<{
  key: string
  idx: number | null
  kind: 'model' | 'tool'
  /** Of a model's: task, judge, plan or analysis. */
  purpose: string | null
  status: 'reserved' | 'settled' | 'released' | 'lost'
  /** That it was held on and is charged to. */
  accounts: readonly number[]
  reservedAt: number
  held: Amounts
  charged: Amounts
  /** Used beyond the room that was left, and so charged to nobody. */
  over: Amounts
  usage: TokenKinds | null
}>

export const VIOLATION_KINDS = [
  'lost_run',
  'doubled_run',
  'not_terminal',
  'run_end',
  'seq_gap',
  'seq_off',
  'ended_twice',
  'never_ended',
  'event_after_end',
  'started_early',
  'late_write',
  'wrong_winner',
  'fence_behind',
  'attempt_gap',
  'attempt_rows',
  'progress_off',
  'wrong_skip',
  'wrong_outcome',
  'wrong_value',
  'outcome_changed',
  'unknown_turn',
  'turn_twice',
  'usage_off',
  'overspent',
  'money_held',
  'ledger_off',
  'call_unpaid',
  'call_paid_twice',
  'call_unknown',
  'cancel_lost',
  'started_while_paused',
  'call_after_cancel',
  'turn_repeated',
  'no_dead_letter',
  'effect_twice',
  'effect_id',
  'late_recovery',
  'pool_leak',
  'row_astray',
  'worker_crashed',
  'drain_overrun',
] as const
export type ViolationKind = (typeof VIOLATION_KINDS)[number]

/** `run` is empty where it is about no single run. */
export type Violation = Readonly<{ kind: ViolationKind; run: string; detail: string }>

export const TERMINAL_RUN: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled'])
export const TASK_END: Readonly<Record<string, string>> = {
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.skipped': 'skipped',
  'task.cancelled': 'cancelled',
}
