import { expect, test } from 'vitest'
import type { CostSplit } from '@flotilla/domain'
import { workspaceBudgetText } from './commands/budget.ts'
import { costReportText } from './commands/costs.ts'
import { lanesText } from './commands/lanes.ts'
import { modelsText } from './commands/models.ts'
import { costTable, cutOffLines, estimatedLine, estimateText, taskBudgetText } from './money-text.ts'

const tokens = {
  inputTokens: 1_000,
  cachedInputTokens: 400,
  cacheWriteTokens: 100,
  outputTokens: 60,
  reasoningTokens: 10,
}
const free = { inputUsd: 0, cachedInputUsd: 0, cacheWriteUsd: 0, outputUsd: 0, reasoningUsd: 0, totalUsd: 0 }
const split = (totalUsd: number): CostSplit => ({
  calls: 2,
  estimatedCalls: 0,
  unknownCalls: 0,
  unknownUsdAtMost: 0,
  tokens,
  cost: { ...free, inputUsd: totalUsd, totalUsd },
  estimatedUsd: 0,
})

test('costs are in dollars, and in tokens where all was free', () => {
  expect(costTable('', [['a', split(0.2)]])).toMatch(
    /a +2 +1\.1k +\$0\.20 +\$0 +\$0 +\$0 +\$0 +\$0\.20\nThe kinds are in US dollars/,
  )
  expect(costTable('', [['a', split(0)]])).toMatch(
    /a +2 +1\.1k +500 +400 +100 +50 +10 +\$0\nAll of it was free: the kinds are in tokens\.$/,
  )
})

test('says which part of a cost is estimated', () => {
  expect(estimatedLine(split(3))).toEqual([])
  expect(estimatedLine({ ...split(3), estimatedCalls: 1, estimatedUsd: 0.75 })).toEqual([
    'Of this, 1 call, $0.75 (25 %) is estimated: no usage was told, or the call was cut off.',
  ])
  expect(estimatedLine({ ...split(0), estimatedCalls: 2 })).toEqual([
    'Of this, 2 calls are estimated: no usage was told, or the call was cut off.',
  ])
})

test('where no call is paid, nothing is called free', () => {
  expect(
    costTable('', [['all', { ...split(0), calls: 0 }]])
      .split('\n')
      .at(-1),
  ).toBe('No call is paid.')
})

test('an estimate leaves out what was expected to be nothing', () => {
  const none = { low: 0, expected: 0, high: 0, actual: 0, within: true }
  const some = { low: 10, expected: 20, high: 40, actual: 5, within: false }
  expect(estimateText({ costUsd: none, tokens: some, seconds: { ...none, actual: 6, within: false } })).toBe(
    '20 tokens (10 to 40); used: 5 tokens (below the range)',
  )
  expect(estimateText({ costUsd: { ...none, actual: 2, within: false }, tokens: some, seconds: some })).toContain(
    'used: $2.00 (above the range), 5 tokens (below the range), 5.0 s (below the range)',
  )
})

test('a month shows what is used of each limit, and what happens then', () => {
  const amounts = { tokens: 500, costUsd: 4, toolCalls: 0, seconds: 0 }
  const budget = {
    month: '2026-11',
    resetsAt: '2026-12-01T00:00:00.000Z',
    limits: { costUsd: 5 },
    reserved: amounts,
    spent: amounts,
    whenReached: 'each run decides',
  }
  const lines = workspaceBudgetText(budget).split('\n')
  expect(lines[1]).toMatch(/^cost +\$5\.00 +\$4\.00 +\$4\.00 +80 %$/)
  expect(lines[2]).toMatch(/^tokens +none +500 +500$/)
  expect(lines.slice(-2)).toEqual([
    'The next month begins 2026-12-01 00:00:00 UTC.',
    'When it is used up: each run decides.',
  ])
  const third = { ...budget, spent: { ...amounts, costUsd: 1.0985 } }
  expect(workspaceBudgetText(third)).toMatch(/ 22 %$/m)
  expect(workspaceBudgetText({ ...budget, limits: {} })).toContain('No limit is set')
  expect(workspaceBudgetText({ ...budget, notice: 'nothing more begins' })).toContain('\nNotice: nothing more begins.')
})

test('costs of a workspace end with the rest and the sum', () => {
  const text = costReportText({
    from: '2026-11-01T00:00:00.000Z',
    to: '2026-12-01T00:00:00.000Z',
    by: 'task_type',
    series: [],
    total: split(3),
    items: [
      { key: 'code', ...split(1) },
      { key: null, ...split(1) },
    ],
    rest: split(1),
  })
  expect(text).toContain('Calls from 2026-11-01 00:00:00 to 2026-12-01 00:00:00 UTC')
  expect(text.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
    expect.any(String),
    '',
    'TASK TYPE',
    'code',
    'none',
    'the rest',
    'all',
    'The kinds are in US dollars.',
  ])
})

test('models show their price and where it is from, and what is wrong with them', () => {
  const price = { input: 2, cachedInput: 0.1, cacheWrite: 2.5, output: 10 }
  const model = { uses: ['default' as const], available: true, simulated: false, problem: null, priceNote: null }
  const text = modelsText({
    prices: { version: '1 (2026-11-05)', asOf: '2026-11-05', ownEntries: [], unknownPrice: 'refuse' },
    items: [
      { ...model, model: 'a:b-2026', price, priceFrom: 'built_in', priceEntry: 'a:b' },
      { ...model, model: 'c:d', price: null, priceFrom: 'unknown', priceEntry: null, priceNote: 'no price for c:d' },
    ],
  })
  const lines = text.split('\n')
  expect(lines[1]).toMatch(/^a:b-2026 +default +\$2 +\$0\.1 +\$2\.5 +\$10 +\$10 +built-in table \(as a:b\)$/)
  expect(lines[2]).toMatch(/^c:d +default +unknown: not called$/)
  expect(text).toContain('! no price for c:d')
  expect(text).toContain('table 1 (2026-11-05), no entries of your own')
})

test('lanes say until when they are closed and why, what waits, and whose key was refused', () => {
  const closedUntil = '2026-11-21T10:00:30.000Z'
  const lane = {
    id: 'a/b/k',
    model: 'a:b',
    earlierKey: false,
    pace: 0,
    strikes: 1,
    why: 'slow\u001B[2J down',
    waitingTasks: 2,
  }
  const text = lanesText({
    items: [
      {
        ...lane,
        state: 'closed',
        closedUntil,
        meters: [
          { name: 'requests', limit: 50, from: 'configured', used: 49 },
          { name: 'inputTokens', limit: 1_000, from: 'told', used: 10 },
          { name: 'outputTokens', limit: null, from: null, used: 10 },
        ],
      },
      { ...lane, id: 'c/d/k', state: 'opening', closedUntil: null, pace: 0.4, meters: [] },
      { ...lane, id: 'e/f/k', state: 'circuit_open', closedUntil, meters: [] },
      { ...lane, id: 'g/h/k', earlierKey: true, state: 'open', closedUntil: null, meters: [] },
    ],
    waiting: [{ lane: 'a/b/k', why: 'slow down', tasks: 2, until: closedUntil }],
    refusedKeys: [{ runId: 'run_1', why: 'the key is refused' }],
  })
  expect(text).toMatch(
    /a\/b\/k +closed until 2026-11-21 10:00:30 UTC +requests 49 of 50, input 10 of 1\.0k \(told\) +2 +slow down/,
  )
  expect(text).toContain('opening, at 40% of its pace')
  expect(text).toMatch(/e\/f\/k +circuit open until 2026-11-21 10:00:30 UTC /)
  expect(text).toMatch(/g\/h\/k +open, of an earlier key /)
  expect(text).toContain('  2 tasks until 2026-11-21 10:00:30 UTC for a/b/k: slow down')
  expect(text).toContain(
    '  run_1: the key is refused. To let it go on: correct the key and restart what uses it, then flotilla runs resume run_1',
  )
  expect(text).not.toContain('\u001B')
})

test('a task without limits of its own says so, and what it has spent', () => {
  const none = { tokens: 0, costUsd: 0, toolCalls: 0, seconds: 0 }
  const spent = { tokens: 1_200, costUsd: 0.25, toolCalls: 0, seconds: 3 }
  const open = taskBudgetText({ limits: {}, reserved: none, spent })
  expect(open).toMatch(/tokens +none +1\.2k +0/)
  expect(open).toContain('It has no limit of its own')
  const limited = taskBudgetText({ limits: { tokens: 5_000 }, reserved: { ...none, tokens: 300 }, spent })
  expect(limited).toMatch(/tokens +5\.0k +1\.2k +300 +24 %/)
  expect(limited).not.toContain('no limit of its own')
})

test('a call that was cut off is told with what of it is charged', () => {
  const call = {
    attempt: 2,
    model: 'anthropic:m',
    startedAt: '2026-01-01T10:00:00.000Z',
    endedAt: '2026-01-01T10:00:05.000Z',
    charged: 'estimated',
    tokens: 420,
    costUsd: 0.25,
    unknownUsdAtMost: 0.3,
  } as const
  expect(cutOffLines([call, { ...call, charged: 'unknown', tokens: 0, costUsd: 0 }])).toEqual([
    'Cut off: a call of attempt 2 to anthropic:m, begun 2026-01-01 10:00:00 UTC; charged 420 tokens, $0.25 (estimated); at most $0.30 more.',
    'Cut off: a call of attempt 2 to anthropic:m, begun 2026-01-01 10:00:00 UTC; charged nothing; at most $0.30 more.',
  ])
})
