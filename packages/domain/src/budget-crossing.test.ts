import { describe, expect, it } from 'vitest'
import type { BudgetAccount } from './budget-account.ts'
import {
  checkSmallestCall,
  decideCall,
  decideStop,
  describeCrossing,
  newWarnings,
  savesNow,
  type WantedCall,
} from './budget-crossing.ts'
import { NO_SPEND } from './budget.ts'

const spent = (costUsd: number, limit = 1): BudgetAccount[] => [
  { level: 'run', limits: { costUsd: limit }, reserved: NO_SPEND, settled: { ...NO_SPEND, costUsd } },
]
const model = (ref: string, perToken: number) => ({
  ref,
  priceUsd: (prompt: number, output: number) => ((prompt + output) * perToken) / 1_000,
})
/** At most 0.2, 0.15 with half of the output; a tenth of it with the small model. */
const wanted: WantedCall = {
  promptTokens: 100,
  maxOutputTokens: 100,
  minOutputTokens: 20,
  models: [model('large', 1), model('small', 0.1)],
  timeoutSeconds: 60,
}

describe('a call within its budget', () => {
  it.each(['degrade', 'pause', 'fail'] as const)('is made as wanted under %s', (policy) => {
    expect(decideCall(policy, spent(0.5), wanted)).toEqual({
      kind: 'call',
      call: {
        model: 'large',
        maxOutputTokens: 100,
        ask: { tokens: 200, costUsd: 0.2, toolCalls: 0, seconds: 60 },
      },
      savings: [],
      crossing: null,
    })
  })
})

describe('one budget leads to three ends', () => {
  it('degrade: from 80 % on a cheaper model, with what was changed and why', () => {
    expect(decideCall('degrade', spent(0.8), wanted)).toEqual({
      kind: 'call',
      call: { model: 'small', maxOutputTokens: 100, ask: { tokens: 200, costUsd: 0.02, toolCalls: 0, seconds: 60 } },
      savings: [{ what: 'model', from: 'large', to: 'small' }],
      crossing: { level: 'run', dimension: 'costUsd', limit: 1, settled: 0.8, reserved: 0, share: 0.8 },
    })
  })

  it('degrade: also before that, where the call would not fit, and with a whole answer where that does', () => {
    expect(decideCall('degrade', spent(0, 0.19), wanted)).toMatchObject({
      call: { model: 'small', maxOutputTokens: 100 },
      savings: [{ what: 'model' }],
    })
  })

  it('degrade: half as long where no whole answer fits; as short as is of use; and then it fails', () => {
    expect(decideCall('degrade', spent(0.984), wanted)).toMatchObject({
      call: { model: 'small', maxOutputTokens: 50 },
      savings: [{ what: 'model' }, { what: 'max_output_tokens', from: 100, to: 50 }],
    })
    expect(decideCall('degrade', spent(0.987), wanted)).toMatchObject({ call: { model: 'small', maxOutputTokens: 20 } })
    expect(decideCall('degrade', spent(0.99), wanted)).toMatchObject({
      kind: 'fail',
      stop: { asked: 0.012 },
      reason: expect.stringMatching(/has \$0\.01 left .*, and even the smallest useful call may need \$0\.02$/),
    })
  })

  it.each(['pause', 'fail'] as const)('%s: with the amounts, and nothing is saved before', (policy) => {
    expect(decideCall(policy, spent(0.8), wanted)).toMatchObject({ kind: 'call', call: { model: 'large' } })
    expect(decideCall(policy, spent(0.9), wanted)).toEqual({
      kind: policy,
      stop: { level: 'run', dimension: 'costUsd', limit: 1, settled: 0.9, reserved: 0, asked: 0.2 },
      reason: "the run's budget of $1.00 has $0.10 left ($0.90 spent, $0 reserved), and the call may need $0.20",
    })
  })

  it('degrade: scarce tokens shorten the answer and keep the model, unless money is scarce too', () => {
    const of = (tokens: number, costUsd = 0): BudgetAccount[] => [
      {
        level: 'run',
        limits: { tokens: 1_000, costUsd: 1 },
        reserved: NO_SPEND,
        settled: { ...NO_SPEND, tokens, costUsd },
      },
    ]
    expect(decideCall('degrade', of(800), wanted)).toMatchObject({ call: { model: 'large' }, savings: [] })
    expect(decideCall('degrade', of(850), wanted)).toMatchObject({
      call: { model: 'large', maxOutputTokens: 50 },
      savings: [{ what: 'max_output_tokens', from: 100, to: 50 }],
      crossing: { dimension: 'tokens' },
    })
    expect(decideCall('degrade', of(850, 0.8), wanted)).toMatchObject({ call: { model: 'small' } })
    expect(decideCall('degrade', of(850, 0.79), { ...wanted, promptTokens: 110 })).toMatchObject({
      call: { model: 'large', maxOutputTokens: 20 },
    })
  })

  it('used-up tool calls make no model cheaper', () => {
    const tools: BudgetAccount = {
      level: 'task',
      limits: { toolCalls: 10 },
      reserved: NO_SPEND,
      settled: { ...NO_SPEND, toolCalls: 10 },
    }
    expect(decideCall('degrade', [tools], wanted)).toMatchObject({ call: { model: 'large' }, savings: [] })
  })
})

it('a call is given the time that is left, and is stopped where there is none', () => {
  const task = (seconds: number): BudgetAccount => ({
    level: 'task',
    limits: { seconds: 90 },
    reserved: NO_SPEND,
    settled: { ...NO_SPEND, seconds },
  })
  expect(decideCall('fail', [task(0)], wanted)).toMatchObject({ call: { ask: { seconds: 60 } } })
  expect(decideCall('fail', [task(60)], wanted)).toMatchObject({ call: { ask: { seconds: 30 } } })
  expect(decideCall('fail', [task(89.5)], wanted)).toMatchObject({ kind: 'fail', stop: { dimension: 'seconds' } })
})

describe('a call that only does not fit beside what others hold', () => {
  const held = (settled: number, reserved: number): BudgetAccount[] => [
    {
      level: 'run',
      limits: { costUsd: 1 },
      reserved: { ...NO_SPEND, costUsd: reserved },
      settled: { ...NO_SPEND, costUsd: settled },
    },
  ]

  it.each(['degrade', 'pause', 'fail'] as const)('waits under %s', (policy) => {
    expect(decideCall(policy, held(0.1, 0.8), wanted)).toMatchObject({
      kind: 'wait',
      stop: { settled: 0.1, reserved: 0.8, asked: 0.2 },
    })
  })

  it('is made cheaper all the same where so much is spent that it is time to save, and waits where even that is held', () => {
    expect(decideCall('degrade', held(0.81, 0.1), wanted)).toMatchObject({ kind: 'call', call: { model: 'small' } })
    expect(decideCall('degrade', held(0.81, 0.19), wanted)).toMatchObject({ kind: 'wait' })
    expect(decideCall('pause', held(0.81, 0.19), wanted)).toMatchObject({ kind: 'pause' })
  })

  it('is told from one that no end of another will let in', () => {
    const stop = { level: 'run', dimension: 'toolCalls', limit: 5, reserved: 2, settled: 4, asked: 1 } as const
    expect(decideStop('fail', stop)).toBe('wait')
    expect(decideStop('pause', { ...stop, settled: 5, reserved: 0 })).toBe('pause')
    expect(decideStop('degrade', { ...stop, settled: 5, reserved: 0 })).toBe('fail')
  })
})

it('a warning is due once, when 80 % are passed', () => {
  expect(newWarnings(spent(0.79), spent(0.81))).toEqual([
    { level: 'run', dimension: 'costUsd', limit: 1, settled: 0.81, reserved: 0, share: 0.81 },
  ])
  expect(newWarnings(spent(0.81), spent(0.95))).toEqual([])
  expect(newWarnings(spent(0.1), spent(0.79))).toEqual([])
})

it('a budget below the smallest useful call is told of before the start', () => {
  expect(checkSmallestCall(spent(0, 0.012), wanted)).toBeNull()
  expect(checkSmallestCall(spent(0, 0.011), wanted)).toMatchObject({ dimension: 'costUsd', limit: 0.011, asked: 0.012 })
})

it('why it is saved is told by the share that is spent, or by what did not fit', () => {
  const crossing = { level: 'run', dimension: 'costUsd', limit: 2, settled: 1.63, reserved: 0.1 } as const
  expect(describeCrossing({ ...crossing, share: 0.815 })).toBe("82 % of the run's budget of $2.00 are spent ($1.63)")
  expect(describeCrossing({ ...crossing, settled: 0, share: 0 })).toBe(
    "what was wanted may need more than is left of the run's budget of $2.00 ($0 spent, $0.10 reserved)",
  )
})

describe('doing less than was wanted', () => {
  it('is asked for by degrade alone, from 80 % on, with the amounts', () => {
    expect(savesNow('degrade', spent(0.79))).toBeNull()
    expect(savesNow('degrade', spent(0.8))).toMatchObject({
      level: 'run',
      dimension: 'costUsd',
      limit: 1,
      settled: 0.8,
    })
    expect(savesNow('pause', spent(0.9))).toBeNull()
    expect(savesNow('fail', spent(0.9))).toBeNull()
    expect(savesNow('degrade', [])).toBeNull()
  })
})
