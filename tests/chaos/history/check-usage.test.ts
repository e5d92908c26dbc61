import { expect, test } from 'vitest'
import type { JournalEntry } from '../model/journal.ts'
import { checkUsage, type ClaimedCalls } from './check-usage.ts'
import { goodHistory, replaceTask, turn } from './histories.ts'
import type { RunHistory } from './history.ts'

const good = goodHistory()
const call = (number: number, change: Partial<JournalEntry> = {}): JournalEntry => ({
  number,
  plan: 7,
  key: `t${number - 1}`,
  mode: 'task',
  turn: 1,
  inputTokens: 100,
  cachedInputTokens: 0,
  outputTokens: 20,
  end: 'answered',
  at: 0,
  answeredAt: 1,
  hungUpAt: null,
  ...change,
})
const journal = (calls = [call(1), call(2)]) => ({ find: (number: number) => calls[number - 1] })
const kinds = (history: RunHistory, calls = journal(), claimed: ClaimedCalls = new Map()): string[] =>
  checkUsage(history, calls, claimed).map(({ kind }) => kind)

test('finds nothing where every turn is a call of the provider, and sums agree', () => {
  expect(kinds(good)).toEqual([])
})

test.each<[string, Partial<JournalEntry>]>([
  ['of another task', { key: 't9' }],
  ['of another plan', { plan: 8 }],
  ['of a judge', { mode: 'judge' }],
  ['that was refused', { end: 'refused' }],
  ['that cost otherwise', { outputTokens: 21 }],
])('finds a turn whose call is one %s', (_, change) => {
  expect(kinds(good, journal([call(1), call(2, change)]))).toEqual(['unknown_turn'])
})

test('finds a turn that the provider knows nothing of', () => {
  expect(kinds(good, journal([call(1)]))).toEqual(['unknown_turn'])
  expect(kinds({ ...good, turns: [turn(0, 1), { ...turn(1, 2), model: 'gpt' }] })).toEqual(['unknown_turn'])
})

test('finds a call that was recorded twice, in one run or in two', () => {
  const twice = {
    ...replaceTask(good, 0, { tokens: 240 }),
    run: { ...good.run, tokens: 360 },
    turns: [...good.turns, { ...turn(0, 1), turn: 2 }],
  }
  expect(kinds(twice)).toEqual(['turn_twice'])
  expect(kinds(good, journal(), new Map([[2, 'run_0']]))).toEqual(['turn_twice'])
})

test('finds a task that counts less than its turns, and a run that counts other than its tasks', () => {
  expect(kinds(replaceTask(good, 0, { tokens: 100 }))).toEqual(['usage_off', 'usage_off'])
  expect(kinds({ ...good, run: { ...good.run, tokens: 241 } })).toEqual(['usage_off'])
})
