import { NO_SPEND } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { checkAccounts, checkMoney, type Charges } from './check-money.ts'
import { account, goodHistory, paid } from './histories.ts'
import type { AccountRow, RunHistory } from './history.ts'

const good = goodHistory()
const kinds = (history: RunHistory): string[] => checkMoney(history, new Map()).map(({ kind }) => kind)
const withRun = (change: Partial<AccountRow>): RunHistory => ({
  ...good,
  accounts: [account(1, 'run', null, change), ...good.accounts.slice(1)],
})
const spent = account(1, 'run').settled

test('finds nothing where accounts and ledger agree within the limits', () => {
  expect(kinds(good)).toEqual([])
  expect(kinds(withRun({ limits: { tokens: 240, costUsd: 0.2 } }))).toEqual([])
  expect(kinds({ ...good, accounts: [], ledger: [] })).toEqual([])
})

test('finds an account that has passed its limit, of a run, a task or a month', () => {
  expect(kinds(withRun({ limits: { tokens: 239 } }))).toEqual(['overspent'])
  const [run, task, other] = good.accounts as [AccountRow, AccountRow, AccountRow]
  expect(kinds({ ...good, accounts: [run, { ...task, limits: { costUsd: 0.09 } }, other] })).toEqual(['overspent'])
  const month = account(9, 'workspace', null, { limits: { tokens: 200 } })
  const charges: Charges = new Map()
  checkMoney(good, charges)
  expect(checkAccounts('', [month], charges).map(({ kind }) => kind)).toEqual(['overspent'])
})

test('lets an account pass its limit by what its calls used and had not held, and by what was there when it was lowered', () => {
  const passed = { limits: { tokens: 200 }, over: { ...NO_SPEND, tokens: 40 } }
  expect(kinds(withRun(passed))).toEqual([])
  expect(kinds(withRun({ ...passed, over: { ...NO_SPEND, tokens: 39 } }))).toEqual(['overspent'])
  const lowered = { limits: { tokens: 200 }, above: { ...NO_SPEND, tokens: 40 } }
  expect(kinds(withRun(lowered))).toEqual([])
  expect(kinds(withRun({ ...lowered, above: { ...NO_SPEND, tokens: 39 } }))).toEqual(['overspent'])
})

test('finds what is held for nobody, and a call without an end', () => {
  expect(kinds(withRun({ reserved: { ...NO_SPEND, tokens: 1 } }))).toEqual(['money_held'])
  expect(kinds(withRun({ reserved: { ...NO_SPEND, costUsd: -0.1 } }))).toEqual(['overspent'])
  const open = paid(1, 3, { status: 'reserved', charged: NO_SPEND, usage: null })
  expect(kinds({ ...good, ledger: [...good.ledger, open] })).toEqual(['money_held'])
})

test('finds an account that was charged more, or less, than its calls', () => {
  expect(kinds(withRun({ settled: { ...spent, toolCalls: 1 } }))).toEqual(['ledger_off'])
  // The second task, and the run.
  expect(kinds({ ...good, ledger: [paid(0, 1)] }).filter((kind) => kind !== 'ledger_off')).toEqual([])
  expect(kinds({ ...good, ledger: [paid(0, 1)] })).toHaveLength(4)
})

test('the calls of all runs come to what their month has spent', () => {
  const charges: Charges = new Map()
  checkMoney(good, charges)
  checkMoney(good, charges)
  const month = (settled: AccountRow['settled']): AccountRow => account(9, 'workspace', null, { settled })
  const twice = { ...spent, tokens: 480, costUsd: 0.4 }
  expect(checkAccounts('', [month(twice)], charges)).toEqual([])
  expect(checkAccounts('', [month(spent)], charges).map(({ kind }) => kind)).toEqual(['ledger_off', 'ledger_off'])
})
