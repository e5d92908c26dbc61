import { keyOf } from '../plan/chaos-plan.ts'
import { callNumberOf, type Journal, type JournalEntry } from '../model/journal.ts'
import { violation } from './check-log.ts'
import type { LedgerRow, RunHistory, Violation } from './history.ts'

/** Provider and record stand on one machine; its clock tells milliseconds to the one, more to the other. */
const CLOCKS_APART_MS = 50

export type PaidCalls = Readonly<{
  violations: readonly Violation[]
  /** Calls that the provider answered and the record knows the hold of, not the cost: lost with their worker, or cut off. */
  unpriced: readonly JournalEntry[]
}>

/**
 * Each call in the provider's journal is in the ledger exactly once, and no cost is in it that the provider did not cause. A call
 * carries no id of the ledger's to its provider: an answered one is known by the tokens that it was told to have used, which no
 * other call of its task has. The others, refused, cut off or lost, were each held before they came: for each there is a call of
 * its task in the ledger that no answered one is.
 */
export function checkPaidCalls(history: RunHistory, journal: Pick<Journal, 'ofPlan'>): PaidCalls {
  const calls = history.run.plan === null ? [] : journal.ofPlan(history.run.plan)
  const rows = history.ledger.filter(({ kind, idx }) => kind === 'model' && idx !== null)
  const callsOf = Map.groupBy(calls, ({ key, mode }) => `${mode} ${key}`)
  const rowsOf = Map.groupBy(rows, ({ idx, purpose }) => `${purpose} ${keyOf(idx ?? -1)}`)
  const paid = new Set<number>()
  const violations: Violation[] = []
  const unpriced: JournalEntry[] = []
  for (const name of new Set([...callsOf.keys(), ...rowsOf.keys()])) {
    const seen = checkOneTask(history, name, callsOf.get(name) ?? [], rowsOf.get(name) ?? [])
    violations.push(...seen.violations)
    unpriced.push(...seen.unpriced)
    for (const number of seen.paid) paid.add(number)
  }
  violations.push(...checkTurnsPaid(history, paid), ...checkTaskTokens(history, rows))
  return { violations, unpriced }
}

const usageOf = (u: Pick<JournalEntry, 'inputTokens' | 'cachedInputTokens' | 'outputTokens'>): string =>
  `${u.inputTokens}/${u.cachedInputTokens}/${u.outputTokens}`

type Seen = PaidCalls & Readonly<{ paid: readonly number[] }>

function checkOneTask(
  history: RunHistory,
  name: string,
  calls: readonly JournalEntry[],
  rows: readonly LedgerRow[],
): Seen {
  const byUsage = Map.groupBy(rows, ({ usage }) => (usage === null ? 'none' : usageOf(usage)))
  const rowsOf = (call: JournalEntry): readonly LedgerRow[] =>
    call.end === 'answered' ? (byUsage.get(usageOf(call)) ?? []) : []
  const paid = calls.filter((call) => rowsOf(call).length > 0)
  const matched = new Set(paid.flatMap(rowsOf))
  const open = {
    calls: calls.filter((call) => !paid.includes(call)).toSorted((a, b) => a.at - b.at),
    rows: rows.filter((row) => !matched.has(row)).toSorted((a, b) => a.reservedAt - b.reservedAt),
  }
  const answers = open.calls.filter(({ end }) => end === 'answered')
  const tell = ([kind, detail]: Finding): Violation => violation(history, kind, `${name}: ${detail}`)
  return {
    violations: [...paid.flatMap((call) => checkPaid(call, rowsOf(call))), ...checkOpen(open)].map(tell),
    paid: paid.map(({ number }) => number),
    unpriced: answers.slice(0, Math.max(0, answers.length - open.rows.filter(({ usage }) => usage !== null).length)),
  }
}

type Finding = readonly [kind: Violation['kind'], detail: string]

function checkPaid({ number }: JournalEntry, rows: readonly LedgerRow[]): Finding[] {
  const beyond = rows.filter(isBeyondHold)
  return [
    ...beyond.map(({ key }): Finding => ['overspent', `${key} used more than was held for it`]),
    ...(rows.length > 1
      ? [['call_paid_twice', `call ${number} is in the ledger as ${rows.map(({ key }) => key).join(', ')}`] as const]
      : []),
  ]
}

/** Rows and calls that are not each other's by their usage, in the order of their times. */
function checkOpen(open: Readonly<{ calls: readonly JournalEntry[]; rows: readonly LedgerRow[] }>): Finding[] {
  const begun = open.calls.filter(({ end }) => end === 'answered' || end === 'cut')
  const estimated = open.rows.filter(({ usage }) => usage !== null)
  const shown = estimated.map(({ key, usage }) => `${key} (${JSON.stringify(usage)})`).join(', ')
  const unheld = open.calls.filter((call, i) => {
    const row = open.rows[i]
    return row === undefined || row.reservedAt > call.at + CLOCKS_APART_MS
  })
  return [
    ...(estimated.length > begun.length
      ? [['call_unknown', `${shown} of the ledger, and ${begun.length} such calls of the provider`] as const]
      : []),
    ...unheld.map(({ number, end }): Finding => [
      'call_unpaid',
      `nothing was held for call ${number} (${end}): ${open.calls.length} such calls, ${open.rows.length} in the ledger`,
    ]),
  ]
}

/** The provider uses a part of what is held for a call; more can only stand in the ledger if it was held too low. */
const isBeyondHold = ({ held, charged, over }: LedgerRow): boolean =>
  charged.tokens + over.tokens > held.tokens || charged.costUsd + over.costUsd > held.costUsd

/** A turn comes on record with the payment of its call, in one commit. */
function checkTurnsPaid(history: RunHistory, paid: ReadonlySet<number>): Violation[] {
  return history.turns.flatMap(({ idx, attempt, turn, model }) => {
    const number = callNumberOf(model)
    if (number === null || paid.has(number)) return []
    const detail = `turn ${turn} of attempt ${attempt} of task ${idx} is on record; its call ${number} is not paid`
    return [violation(history, 'call_unpaid', detail)]
  })
}

/** A task counts what its writes brought on record; calls that no write followed are in the ledger alone. */
function checkTaskTokens(history: RunHistory, rows: readonly LedgerRow[]): Violation[] {
  return history.tasks.flatMap(({ idx, tokens }) => {
    const paid = rows
      .filter((row) => row.idx === idx)
      .reduce((sum, { charged, over }) => sum + charged.tokens + over.tokens, 0)
    if (tokens <= paid) return []
    return [violation(history, 'usage_off', `task ${idx} counts ${tokens} tokens, the calls of its ledger ${paid}`)]
  })
}
