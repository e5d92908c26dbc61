import { expect, test } from 'vitest'
import { goodHistory, withEvents } from './histories.ts'
import { gapsOf, recoveriesOf, type Gap } from './recovery.ts'

const gap = (from: number, to: number): Gap => ({ from, to, restMs: 0, of: 'task 1' })

test('a task waits from each of its events to the next, a run where no task is under way', () => {
  const history = withEvents(goodHistory(), [
    ['run.created', null],
    ['run.started', null],
    ['task.ready', 0],
    ['run.progress', null],
    ['task.started', 0],
    ['run.verifying', null],
    ['run.completed', null],
  ])
  expect(gapsOf(history).map(({ from, to }) => [from, to])).toEqual([
    [1_000, 2_000],
    [3_000, 5_000],
    [6_000, 7_000],
  ])
})

test('what the model takes, a pause and a rest that the record orders are no delay', () => {
  const history = withEvents(goodHistory(), [
    ['task.started', 0],
    ['task.recovered', 0],
    ['task.started', 0],
    ['task.recovered', 0, { delayMs: 1_000 }],
    ['run.paused', null],
    ['run.resumed', null],
    ['task.started', 0],
    ['task.retrying', 0, { delayMs: 70 }],
    ['task.started', 0],
  ])
  const answered = (_: number, before: number): number | null => (before === 2_000 ? 1_600 : null)
  expect(gapsOf(history, answered).map(({ from, to, restMs }) => [from, to, restMs])).toEqual([
    [1_600, 2_000, 0],
    [2_000, 3_000, 0],
    [3_000, 4_000, 0],
    [6_000, 7_000, 1_000],
    [7_000, 8_000, 0],
    [8_000, 9_000, 70],
  ])
})

test('a recovery is the longest wait that was under way when the fault was over, and told apart where it was alone', () => {
  const faults = [
    { kind: 'flush', at: 4_000, overAt: 4_000 },
    { kind: 'kill', at: 1_000, overAt: 1_500 },
    { kind: 'skew', at: 9_000, overAt: 9_000 },
  ] as const
  const gaps = [gap(1_000, 2_000), gap(1_400, 4_500), gap(3_900, 9_200), gap(4_600, 20_000), gap(9_000, 30_000)]
  expect(recoveriesOf(faults, gaps, (kind) => kind !== 'skew')).toEqual([
    { kind: 'kill', ms: 3_000, aloneMs: 500 },
    { kind: 'flush', ms: 5_200, aloneMs: 5_200 },
    { kind: 'skew', ms: 11_000, aloneMs: null },
  ])
})

test('the rest that the record orders is no part of a recovery', () => {
  const gaps = [{ ...gap(1_000, 5_000), restMs: 2_500 }]
  const kill = { kind: 'kill', at: 2_000, overAt: 2_000 } as const
  expect(recoveriesOf([kill], gaps, () => true)).toEqual([{ kind: 'kill', ms: 1_500, aloneMs: 1_500 }])
})
