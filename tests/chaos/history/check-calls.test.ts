import { expect, test } from 'vitest'
import type { StruckFault } from '../faults/fault.ts'
import type { JournalEntry } from '../model/journal.ts'
import { checkCalls } from './check-calls.ts'
import { attempt, goodHistory, toldIn, turn, withEvents } from './histories.ts'
import type { RunHistory } from './history.ts'

const good = goodHistory()
const call = (number: number, change: Partial<JournalEntry> = {}): JournalEntry => ({
  number,
  plan: 7,
  key: 't0',
  mode: 'task',
  turn: 1,
  inputTokens: 100,
  cachedInputTokens: 0,
  outputTokens: 20,
  end: 'answered',
  at: 0,
  answeredAt: null,
  hungUpAt: null,
  ...change,
})
const see = (history: RunHistory, calls: readonly JournalEntry[], struck: readonly StruckFault[] = []) =>
  checkCalls(history, { find: (number) => calls[number - 1], ofPlan: () => calls }, struck)
const kinds = (...args: Parameters<typeof see>): string[] => see(...args).violations.map(({ kind }) => kind)
/** Cancelled at 5 seconds. */
const cancelled = withEvents(good, [...toldIn(good).slice(0, 4), ['run.cancelled', null]])

test('a call may begin until a cancel has committed, and arrive a moment later', () => {
  expect(kinds(cancelled, [call(1, { at: 4_000 }), call(2, { at: 5_900 })])).toEqual([])
  expect(kinds(cancelled, [call(1, { at: 7_000 })])).toEqual(['call_after_cancel'])
  expect(kinds(good, [call(1, { at: 70_000 })])).toEqual([])
})

test('a worker that was stopped between its check and its call could not know', () => {
  const stop = (at: number, endedAt: number): StruckFault => ({ kind: 'stop', at, overAt: at, endedAt })
  expect(kinds(cancelled, [call(1, { at: 9_000 })], [stop(4_500, 8_900)])).toEqual([])
  expect(kinds(cancelled, [call(1, { at: 9_000 })], [stop(1_000, 4_000)])).toEqual(['call_after_cancel'])
})

test('tells how long after a cancel the sockets ended that it cut off', () => {
  const calls = [
    call(1, { at: 4_900, hungUpAt: 5_070 }),
    call(2, { at: 4_900, answeredAt: 5_500 }),
    call(3, { hungUpAt: 9 }),
  ]
  expect(see(cancelled, calls).cutMs).toEqual([70])
})

test('finds a turn that its conversation had already', () => {
  const turns = [turn(0, 1), { ...turn(0, 2), attempt: 2 }]
  const history = (kind: string): RunHistory => ({
    ...good,
    turns,
    attempts: [attempt(0, 1), attempt(0, 2, { kind }), attempt(0, 3, { kind: 'recovery' })],
  })
  expect(kinds(history('recovery'), [call(1), call(2)])).toEqual(['turn_repeated'])
  expect(kinds(history('recovery'), [call(1), call(2, { turn: 2 })])).toEqual([])
  expect(kinds(history('revision'), [call(1), call(2)])).toEqual([])
  const lostBetween = { ...history('revision'), turns: [turn(0, 1), { ...turn(0, 2), attempt: 3 }] }
  expect(kinds(lostBetween, [call(1), call(2)])).toEqual([])
})
