import type { CostKinds, RunCost, TokenKinds } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { budgetPatch, budgetText, costText } from './run-money.ts'

const spent = { tokens: 1_200, costUsd: 0.25, toolCalls: 3, seconds: 9 }
const reserved = { tokens: 500, costUsd: 0.1, toolCalls: 0, seconds: 0 }

it('a limit that is not given stays, and none takes one away', () => {
  expect(budgetPatch({})).toBeNull()
  expect(budgetPatch({ usd: 'none', tokens: 500, onExceeded: 'pause' })).toEqual({
    costUsd: null,
    tokens: 500,
    onExceeded: 'pause',
  })
})

it('a budget shows each limit beside what is spent and held of it, and what follows', () => {
  const text = budgetText({ budget: { limits: { costUsd: 1, onExceeded: 'pause' }, reserved, spent } })
  const lines = text.split('\n')
  expect(lines[1]).toMatch(/cost +\$1\.00 +\$0\.25 +\$0\.10/)
  expect(lines[2]).toMatch(/tokens +none/)
  expect(lines.at(-1)).toBe('When it is used up: pause')
  expect(text).toContain('Seconds: the limit is on the wall time of the run, pauses not counted')
  const low = budgetText({ budget: { limits: { costUsd: 0.3 }, reserved, spent, notice: 'nothing more begins' } })
  expect(low.split('\n').at(-1)).toBe('Notice: nothing more begins.')
})

it('a cost is split by kind, in all, by purpose, by model and by task', () => {
  const cost: CostKinds = {
    inputUsd: 0.1,
    cachedInputUsd: 0.02,
    cacheWriteUsd: 0,
    outputUsd: 0.3,
    reasoningUsd: 0,
    totalUsd: 0.42,
  }
  const tokens: TokenKinds = {
    inputTokens: 9,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 1,
    reasoningTokens: 0,
  }
  const split = {
    calls: 2,
    estimatedCalls: 1,
    tokens,
    cost,
    estimatedUsd: 0.21,
    unknownCalls: 3,
    unknownUsdAtMost: 0.4,
  }
  const run: RunCost = {
    total: split,
    byTask: [
      { taskKey: 'find', ...split },
      { taskKey: null, ...split },
    ],
    byAgent: [{ agent: 'Writer', ...split }],
    byModel: [{ model: 'anthropic:claude', ...split }],
    byPurpose: [{ purpose: 'judge', ...split }],
    estimate: {
      tokens: { low: 5, expected: 8, high: 9, actual: 10, within: false },
      costUsd: { low: 0.1, expected: 0.4, high: 1, actual: 0.42, within: true },
      seconds: { low: 1, expected: 2, high: 3, actual: 2, within: true },
    },
  }
  const lines = costText(run).split('\n')
  expect(lines.slice(1, 6).map((line) => line.split(/ {2,}/)[0])).toEqual([
    'all',
    'for judge',
    'anthropic:claude',
    'by Writer',
    'task find',
  ])
  expect(lines[1]).toMatch(/2 +10 +\$0\.10 +\$0\.02 .*\$0\.42/)
  expect(lines.slice(6, 9)).toEqual([
    'The kinds are in US dollars.',
    'Of this, 1 call, $0.21 (50 %) is estimated: no usage was told, or the call was cut off.',
    '3 calls ended without telling their usage; at most $0.40 more.',
  ])
  expect(lines.at(-1)).toBe(
    'Expected before the run: $0.40 ($0.10 to $1.00), 8 tokens (5 to 9), 2.0 s (1.0 s to 3.0 s); used: $0.42, 10 tokens (above the range), 2.0 s',
  )
})
