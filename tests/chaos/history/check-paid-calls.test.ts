import { NO_SPEND } from '@flotilla/domain'
import { expect, test } from 'vitest'
import type { JournalEntry } from '../model/journal.ts'
import { checkPaidCalls } from './check-paid-calls.ts'
import { goodHistory, paid } from './histories.ts'
import type { LedgerRow } from './history.ts'

const good = goodHistory()
const call = (number: number, change: Partial<JournalEntry> = {}): JournalEntry => ({
  number,
  plan: 7,
  key: `t${number - 1}`,
  mode: 'task',
  turn: 1,
  inputTokens: 100,
  cachedInputTokens: number,
  outputTokens: 20,
  end: 'answered',
  at: 1_000,
  answeredAt: 1_100,
  hungUpAt: null,
  ...change,
})
const CALLS = [call(1), call(2)]
const see = (calls: readonly JournalEntry[], ledger: readonly LedgerRow[] = good.ledger) =>
  checkPaidCalls({ ...good, ledger }, { ofPlan: () => calls })
const kinds = (...args: Parameters<typeof see>): string[] => see(...args).violations.map(({ kind }) => kind)
const held = (key: string, change: Partial<LedgerRow> = {}): LedgerRow =>
  paid(0, 9, { key, status: 'lost', usage: null, charged: NO_SPEND, ...change })

test('finds nothing where each call was held and answered ones are paid', () => {
  expect(kinds(CALLS)).toEqual([])
  expect(
    kinds([...CALLS, call(3, { key: 't0', end: 'refused' })], [...good.ledger, held('r', { status: 'released' })]),
  ).toEqual([])
  // A worker that died before it called.
  expect(kinds(CALLS, [...good.ledger, held('never called')])).toEqual([])
})

test('finds a turn on record whose call is not paid', () => {
  expect(kinds(CALLS, [paid(0, 1), held('b', { idx: 1 })])).toEqual(['call_unpaid', 'usage_off'])
})

test('finds a call that nothing was held for, or only after it', () => {
  const refused = call(3, { key: 't0', end: 'refused' })
  expect(kinds([...CALLS, refused])).toEqual(['call_unpaid'])
  expect(kinds([...CALLS, refused], [...good.ledger, held('late', { reservedAt: 2_000 })])).toEqual(['call_unpaid'])
  const judged = call(3, { key: 't0', end: 'refused', mode: 'judge' })
  expect(kinds([...CALLS, judged], [...good.ledger, held('of the task')])).toEqual(['call_unpaid'])
})

test('finds a call that was paid twice', () => {
  expect(kinds(CALLS, [...good.ledger, paid(0, 1, { key: 'again' })])).toEqual(['call_paid_twice'])
})

test('finds a cost that the provider did not cause', () => {
  expect(kinds(CALLS, [...good.ledger, paid(0, 50)])).toEqual(['call_unknown'])
  // Of another task.
  expect(kinds(CALLS, [...good.ledger, paid(1, 1)])).toEqual(['call_unknown'])
})

test('a cut answer is paid by an estimate', () => {
  const estimate = paid(0, 3, {
    usage: { inputTokens: 900, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 5, reasoningTokens: 0 },
  })
  expect(kinds([...CALLS, call(3, { key: 't0', end: 'cut' })], [...good.ledger, estimate])).toEqual([])
  expect(kinds([...CALLS, call(3, { key: 't0', end: 'refused' })], [...good.ledger, estimate])).toEqual([
    'call_unknown',
  ])
})

test('tells the answers whose cost was lost with their worker', () => {
  const seen = see([...CALLS, call(3, { key: 't0' })], [...good.ledger, held('lost')])
  expect(seen.violations).toEqual([])
  expect(seen.unpriced.map(({ number }) => number)).toEqual([3])
})

test('finds a task that counts more than its calls were paid for', () => {
  const more = { ...good, tasks: good.tasks.map((task) => ({ ...task, tokens: 121 })) }
  const seen = checkPaidCalls(more, { ofPlan: () => CALLS })
  expect(seen.violations.map(({ kind }) => kind)).toEqual(['usage_off', 'usage_off'])
})

test('finds a call that used more than was held for it', () => {
  const low = { ...NO_SPEND, tokens: 119, costUsd: 1 }
  expect(kinds(CALLS, [paid(0, 1, { held: low }), paid(1, 2)])).toEqual(['overspent'])
})
