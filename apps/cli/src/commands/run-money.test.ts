import type { CostKinds, RunCost, TokenKinds } from '@flotilla/domain'
import { expect, it } from 'vitest'
import { budgetText, costText } from './run-money.ts'

const spent = { tokens: 1_200, costUsd: 0.25, toolCalls: 3, seconds: 9 }
const reserved = { tokens: 500, costUsd: 0.1, toolCalls: 0, seconds: 0 }

it('a budget shows each limit beside what is spent and held of it, and what follows', () => {
  const text = budgetText({ budget: { limits: { costUsd: 1, onExceeded: 'pause' }, reserved, spent } })
  const lines = text.split('\n')
  expect(lines[1]).toMatch(/cost +\$1\.00 +\$0\.25 +\$0\.10/)
  expect(lines[2]).toMatch(/tokens +none/)
  expect(lines.at(-1)).toBe('When it is used up: pause')
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
  const split = { calls: 2, tokens, cost }
  const run: RunCost = {
    total: split,
    byTask: [
      { taskKey: 'find', ...split },
      { taskKey: null, ...split },
    ],
    byAgent: [],
    byModel: [{ model: 'anthropic:claude', ...split }],
    byPurpose: [{ purpose: 'judge', ...split }],
    lostCalls: 1,
  }
  const lines = costText(run).split('\n')
  expect(lines.slice(1, 5).map((line) => line.split(/ {2,}/)[0])).toEqual([
    'all',
    'for judge',
    'anthropic:claude',
    'task find',
  ])
  expect(lines[1]).toMatch(/2 +\$0\.10 +\$0\.02 .*\$0\.42/)
  expect(lines.at(-1)).toContain('Of 1 calls')
})
