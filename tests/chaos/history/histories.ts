import { NO_SPEND, type JsonObject } from '@flotilla/domain'
import type { AccountRow, AttemptRow, EventRow, LedgerRow, OutputRow, RunHistory, TaskRow, TurnRow } from './history.ts'

/** A history written by hand: a chain of two tasks that went well, for the tests to break. */
export function goodHistory(): RunHistory {
  return {
    run: {
      id: 1,
      uid: 'run_1',
      plan: 7,
      status: 'completed',
      live: false,
      seq: 14,
      total: 2,
      todo: 0,
      completed: 2,
      failed: 0,
      skipped: 0,
      tokens: 240,
    },
    tasks: [task(0), task(1, { deps: [0] })],
    events: numbered([
      ['run.created', null],
      ['run.started', null],
      ['task.ready', 0],
      ['task.started', 0, { attempt: 1 }],
      ['task.turn', 0, { attempt: 1 }],
      ['task.completed', 0, { attempt: 1 }],
      ['task.ready', 1],
      ['task.started', 1, { attempt: 1 }],
      ['run.progress', null, { total: 2, completed: 1, failed: 0, skipped: 0, percent: 50 }],
      ['task.turn', 1, { attempt: 1 }],
      ['task.completed', 1, { attempt: 1 }],
      ['run.progress', null, { total: 2, completed: 2, failed: 0, skipped: 0, percent: 100 }],
      ['run.verifying', null],
      ['run.completed', null],
    ]),
    attempts: [attempt(0, 1), attempt(1, 1)],
    outputs: [output(0, 1, 1), output(1, 1, 2)],
    turns: [turn(0, 1), turn(1, 2)],
    deadLetters: [],
    accounts: [account(1, 'run'), account(2, 'task', 0), account(3, 'task', 1)],
    ledger: [paid(0, 1), paid(1, 2)],
  }
}

export type Told = readonly [type: string, idx: number | null, data?: JsonObject]

/** Events with their numbers, a second apart. */
export const numbered = (told: readonly Told[]): EventRow[] =>
  told.map(([type, idx, data = {}], i) => ({ seq: i + 1, idx, type, at: (i + 1) * 1_000, data }))

export const task = (idx: number, change: Partial<TaskRow> = {}): TaskRow => ({
  idx,
  status: 'completed',
  fence: 1,
  attempt: 1,
  recoveries: 0,
  deps: [],
  tokens: 120,
  ...change,
})

export const attempt = (idx: number, number: number, change: Partial<AttemptRow> = {}): AttemptRow => ({
  idx,
  number,
  kind: 'first',
  status: 'succeeded',
  error: null,
  ...change,
})

export const output = (idx: number, number: number, value: number): OutputRow => ({
  idx,
  attempt: number,
  text: `t${idx} of plan 7, polished: value(t${idx})=${value}.`,
  hash: `hash of ${value}`,
})

/** Its call has the same number as its model. */
export const turn = (idx: number, call: number): TurnRow => ({
  idx,
  attempt: 1,
  turn: 1,
  model: `chaos-${call}`,
  inputTokens: 100,
  outputTokens: 20,
})

/** Without limits; what was settled is what the calls of `goodHistory` come to. */
export const account = (
  id: number,
  level: AccountRow['level'],
  idx: number | null = null,
  change: Partial<AccountRow> = {},
): AccountRow => ({
  id,
  level,
  idx,
  limits: {},
  reserved: NO_SPEND,
  settled: { tokens: level === 'task' ? 120 : 240, costUsd: level === 'task' ? 0.1 : 0.2, toolCalls: 0, seconds: 0 },
  over: NO_SPEND,
  above: NO_SPEND,
  ...change,
})

/** The call of `turn(idx, call)` as the ledger has it: on the accounts of its task, its run (1) and the month (9). */
export const paid = (idx: number, call: number, change: Partial<LedgerRow> = {}): LedgerRow => ({
  key: `${idx}/1/${call}`,
  idx,
  kind: 'model',
  purpose: 'task',
  status: 'settled',
  accounts: [idx + 2, 1, 9],
  reservedAt: 0,
  held: { tokens: 5_000, costUsd: 1, toolCalls: 0, seconds: 900 },
  charged: { tokens: 120, costUsd: 0.1, toolCalls: 0, seconds: 0 },
  over: NO_SPEND,
  usage: { inputTokens: 100, cachedInputTokens: call, cacheWriteTokens: 0, outputTokens: 20, reasoningTokens: 0 },
  ...change,
})

/** A history whose log has other events; the run's own count follows. */
export const withEvents = (history: RunHistory, told: readonly Told[]): RunHistory => ({
  ...history,
  run: { ...history.run, seq: told.length },
  events: numbered(told),
})

/** The log as it can be written by hand again. */
export const toldIn = (history: RunHistory): Told[] => history.events.map(({ type, idx, data }) => [type, idx, data])

export const replaceTask = (history: RunHistory, idx: number, change: Partial<TaskRow>): RunHistory => ({
  ...history,
  tasks: history.tasks.map((one) => (one.idx === idx ? { ...one, ...change } : one)),
})
