import { expect, it } from 'vitest'
import type { BudgetStop } from './budget-account.ts'
import { describeStandingStop, stopStands } from './standing-stop.ts'

const stop: BudgetStop = { level: 'run', dimension: 'costUsd', limit: 1, settled: 0.7, reserved: 0.1, asked: 0.25 }

it('a stop stands where the call does not fit even once nothing is held for others', () => {
  expect(stopStands({ ...stop, asked: 0.31 })).toBe(true)
  expect(stopStands({ ...stop, asked: 0.3 })).toBe(false)
  expect(stopStands({ ...stop, settled: 2, asked: 0 })).toBe(true)
})

it.each([
  ['run', 'at least $1.05 with `flotilla runs budget run_1 --usd N`'],
  ['workspace', 'at least $1.05 with `flotilla budget set --usd N`, or wait for the next month'],
  ['task', '`flotilla runs budget run_1 --on-exceeded degrade` or `fail`'],
] as const)('of the %s is told with what lets the run go on', (level, mend) => {
  const text = describeStandingStop('run_1', { ...stop, level })
  expect(text).toContain('$0.70 spent, and the call that it rests for may need $0.25')
  expect(text).toContain(mend)
})

it('tells what is spent as everything else does, and rounds only the need up', () => {
  const text = describeStandingStop('run_1', { ...stop, settled: 0.21048, reserved: 0, asked: 0.9 })
  expect(text).toContain('has $0.21 spent')
  expect(text).toContain('at least $1.12')
})

it('of a run whose time is over names the seconds', () => {
  const over: BudgetStop = { level: 'run', dimension: 'seconds', limit: 8, settled: 9.2, reserved: 0, asked: 0 }
  expect(describeStandingStop('run_1', over)).toContain(
    "the run's budget of 8 seconds has 9.2 seconds spent; raise it to at least 69.2 seconds",
  )
})
