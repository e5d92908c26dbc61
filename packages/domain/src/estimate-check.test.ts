import { expect, it } from 'vitest'
import { checkEstimate } from './estimate-check.ts'

const range = { low: 10, expected: 20, high: 40 }
const estimate = { tasks: 1, parallelism: 1, tokens: range, costUsd: range, seconds: range }

it('holds what was used against each range, its ends included', () => {
  const check = checkEstimate({ estimate }, { tokens: 10, costUsd: 40.1, toolCalls: 0, seconds: 9 })
  expect(check).toEqual({
    tokens: { ...range, actual: 10, within: true },
    costUsd: { ...range, actual: 40.1, within: false },
    seconds: { ...range, actual: 9, within: false },
  })
})

it('counts seconds whole, as they are spent', () => {
  const short = { estimate: { ...estimate, seconds: { low: 0.2, expected: 0.4, high: 1.2 } } }
  const within = (seconds: number) =>
    checkEstimate(short, { tokens: 20, costUsd: 20, toolCalls: 0, seconds })?.seconds.within
  expect([0, 2, 3].map(within)).toEqual([true, true, false])
})

it('has nothing to say of a run that was not analysed', () => {
  expect(checkEstimate(null, { tokens: 1, costUsd: 1, toolCalls: 1, seconds: 1 })).toBeNull()
})
