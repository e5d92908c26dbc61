import { expect, test } from 'vitest'
import { goodHistory, withEvents } from './histories.ts'
import { gapsOf, recoveriesOf } from './recovery.ts'

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
  expect(gapsOf(history)).toEqual([
    { from: 1_000, to: 2_000 },
    { from: 3_000, to: 5_000 },
    { from: 6_000, to: 7_000 },
  ])
})

test('a recovery is the longest wait that was under way when the fault was over', () => {
  const faults = [
    { kind: 'flush', at: 4_000, overAt: 4_000 },
    { kind: 'kill', at: 1_000, overAt: 1_500 },
    { kind: 'skew', at: 9_000, overAt: 9_000 },
  ] as const
  const gaps = [
    { from: 1_000, to: 2_000 },
    { from: 1_400, to: 4_500 },
    { from: 4_600, to: 20_000 },
    { from: 9_000, to: 30_000 },
  ]
  expect(recoveriesOf(faults, gaps)).toEqual([
    { kind: 'kill', ms: 3_000 },
    { kind: 'flush', ms: 500 },
    { kind: 'skew', ms: 11_000 },
  ])
})
