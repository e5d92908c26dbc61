import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BUDGET_DIMENSIONS,
  describeCallStop,
  exact,
  lowLimitText,
  scarceText,
  releaseAmounts,
  reserveAmounts,
  roomOf,
  settleAmounts,
  type Amounts,
  type BudgetAccount,
} from './budget-account.ts'
import { NO_SPEND } from './budget.ts'

const account = (level: BudgetAccount['level'], limits: BudgetAccount['limits']): BudgetAccount => ({
  level,
  limits,
  reserved: NO_SPEND,
  settled: NO_SPEND,
})
const cost = (costUsd: number): Amounts => ({ ...NO_SPEND, costUsd })
const amounts: fc.Arbitrary<Amounts> = fc
  .record({ tokens: fc.nat(500), costUsd: fc.nat(500), toolCalls: fc.nat(2), seconds: fc.nat(500) })
  .map((each) => ({ ...each, costUsd: each.costUsd / 1_000 }))
const limits = fc.record(
  { tokens: fc.nat(2_000), costUsd: fc.nat(2), toolCalls: fc.nat(5), seconds: fc.nat(2_000) },
  { requiredKeys: [] },
)

describe('a reservation', () => {
  it('holds at every level or at none, and names the first level that is too small', () => {
    const levels = [account('task', {}), account('run', { costUsd: 1 }), account('workspace', { costUsd: 0.5 })]
    const held = reserveAmounts(levels, cost(0.4))
    expect(held).toMatchObject({ ok: true, accounts: levels.map(() => ({ reserved: { costUsd: 0.4 } })) })
    const refused = reserveAmounts(held.ok ? held.accounts : [], cost(0.2))
    expect(refused).toEqual({
      ok: false,
      stop: { level: 'workspace', dimension: 'costUsd', limit: 0.5, reserved: 0.4, settled: 0, asked: 0.2 },
    })
    expect(describeCallStop(refused.ok ? (undefined as never) : refused.stop)).toBe(
      "the workspace's budget of $0.50 a month has $0.10 left ($0 spent, $0.40 reserved), and the call may need $0.20: raise it with `flotilla budget set`, or wait for the next month",
    )
  })

  it('that asks for nothing of a dimension is not stopped by it, even where its limit is 0', () => {
    expect(reserveAmounts([account('run', { costUsd: 0, toolCalls: 0 })], { ...NO_SPEND, tokens: 9 }).ok).toBe(true)
    expect(reserveAmounts([account('run', { toolCalls: 0 })], { ...NO_SPEND, toolCalls: 1 }).ok).toBe(false)
  })
})

describe('a settlement', () => {
  it('replaces what was held by what was used', () => {
    const levels = [account('run', { costUsd: 1 })]
    const held = reserveAmounts(levels, cost(0.7))
    const { accounts, charged, over } = settleAmounts(held.ok ? held.accounts : [], cost(0.7), cost(0.1))
    expect(accounts).toMatchObject([{ reserved: NO_SPEND, settled: { costUsd: 0.1 } }])
    expect([charged.costUsd, over.costUsd]).toEqual([0.1, 0])
  })

  it('of more than was held is charged whole, at every level the same, and the next call is stopped', () => {
    const levels = [account('task', {}), account('run', { costUsd: 1 })]
    const held = reserveAmounts(levels, cost(0.7))
    const { accounts, charged, over } = settleAmounts(held.ok ? held.accounts : [], cost(0.7), cost(1.2))
    expect(accounts.map((each) => each.settled.costUsd)).toEqual([1.2, 1.2])
    expect([charged.costUsd, over.costUsd]).toEqual([1.2, 0.5])
    expect(reserveAmounts(accounts, cost(0.01))).toMatchObject({ ok: false, stop: { level: 'run', settled: 1.2 } })
  })
})

it('a limit below what is spent and held is told with what is under way, and one above it is not', () => {
  const [reserved, spent] = [
    { ...cost(0.4), tokens: 50 },
    { ...cost(0.3), tokens: 10 },
  ]
  expect(lowLimitText({ limits: { costUsd: 0.7, tokens: 60 }, reserved, spent }, 2)).toBeNull()
  expect(lowLimitText({ limits: { costUsd: 0.1, tokens: 60 }, reserved, spent }, 2)).toBe(
    'the limit of $0.10 is below what is spent ($0.30) and held ($0.40): nothing more begins; 2 calls under way may still use $0.40',
  )
  expect(lowLimitText({ limits: { costUsd: 0 }, reserved: NO_SPEND, spent }, 0)).toMatch(/: nothing more begins$/)
})

it('less than a call of the run has used on average is told; more, or a run without calls, is not', () => {
  const spent = { ...cost(3), tokens: 9_000 }
  expect(scarceText({ limits: { costUsd: 5, tokens: 20_000 }, spent }, 3)).toBeNull()
  expect(scarceText({ limits: { costUsd: 3.5, tokens: 9_100 }, spent }, 0)).toBeNull()
  expect(scarceText({ limits: { costUsd: 3.5, tokens: 20_000 }, spent }, 3)).toBe(
    'of the limit of $3.50 are $0.50 left, and a model call of this run has used $1.00 on average: the next one may not fit',
  )
})

const sumOf = (a: Amounts, b: Amounts): Amounts => ({
  tokens: a.tokens + b.tokens,
  costUsd: exact(a.costUsd + b.costUsd),
  toolCalls: a.toolCalls + b.toolCalls,
  seconds: a.seconds + b.seconds,
})

type Step = Readonly<{ what: 'reserve' | 'settle' | 'release'; amounts: Amounts; nth: number }>
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ what: fc.constantFrom('reserve', 'settle', 'release'), amounts, nth: fc.nat(5) }),
  { maxLength: 40 },
)

it('no sequence passes a limit but by what was used and not held, and all that was held comes back', () => {
  fc.assert(
    fc.property(limits, limits, steps, (ofTask, ofRun, sequence) => {
      let accounts: readonly BudgetAccount[] = [account('task', ofTask), account('run', ofRun)]
      const open: Amounts[] = []
      let unheld: Amounts = NO_SPEND
      for (const { what, amounts: each, nth } of sequence) {
        if (what === 'reserve') {
          const result = reserveAmounts(accounts, each)
          if (result.ok) [accounts] = [result.accounts, open.push(each)]
        } else {
          const [held] = open.splice(nth % Math.max(1, open.length), 1)
          if (held === undefined) continue
          if (what === 'settle') {
            const settled = settleAmounts(accounts, held, each)
            accounts = settled.accounts
            unheld = sumOf(unheld, settled.over)
          } else accounts = releaseAmounts(accounts, held)
        }
        for (const one of accounts)
          for (const dimension of BUDGET_DIMENSIONS) {
            expect(one.reserved[dimension]).toBeGreaterThanOrEqual(0)
            expect(exact(roomOf(one, dimension) + unheld[dimension])).toBeGreaterThanOrEqual(0)
          }
      }
      for (const held of open) accounts = releaseAmounts(accounts, held)
      for (const one of accounts) expect(one.reserved).toEqual(NO_SPEND)
    }),
  )
})
