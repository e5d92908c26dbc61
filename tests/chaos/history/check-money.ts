import { BUDGET_DIMENSIONS, exact, NO_SPEND, type Amounts } from '@flotilla/domain'
import type { AccountRow, LedgerRow, RunHistory, Violation } from './history.ts'

/** What the calls of the ledger were charged, by the account that they stand on. */
export type Charges = Map<number, Amounts>

/**
 * No account has passed its limit but by what its calls used and had not held, and what was there before it was lowered; nothing is held for calls any more, and what was spent is what the calls of the ledger come
 * to. Adds the run's calls to `charges`, where those of the months are left for `checkAccounts` at the end.
 */
export function checkMoney({ run, accounts, ledger }: RunHistory, charges: Charges): Violation[] {
  for (const call of ledger) addCharge(charges, call)
  const found = [
    ...ledger
      .filter(({ status }) => status === 'reserved')
      .map(({ key }): Violation => ({
        kind: 'money_held',
        run: run.uid,
        detail: `call ${key} was neither settled nor given up`,
      })),
    ...checkAccounts(run.uid, accounts, charges),
  ]
  for (const { id } of accounts) charges.delete(id)
  return found
}

function addCharge(charges: Charges, { accounts, charged }: LedgerRow): void {
  for (const id of accounts) {
    const before = charges.get(id) ?? NO_SPEND
    charges.set(id, {
      tokens: before.tokens + charged.tokens,
      costUsd: exact(before.costUsd + charged.costUsd),
      toolCalls: before.toolCalls + charged.toolCalls,
      seconds: exact(before.seconds + charged.seconds),
    })
  }
}

export const checkAccounts = (run: string, accounts: readonly AccountRow[], charges: Charges): Violation[] =>
  accounts.flatMap((account) => checkAccount(run, account, charges.get(account.id) ?? NO_SPEND))

function checkAccount(
  run: string,
  { level, idx, limits, reserved, settled, over, above }: AccountRow,
  charged: Amounts,
): Violation[] {
  const found: Violation[] = []
  const tell = (kind: Violation['kind'], detail: string): void =>
    void found.push({ kind, run, detail: `the ${level}${idx === null ? '' : ` ${idx}`}'s account ${detail}` })
  for (const d of BUDGET_DIMENSIONS) {
    const [held, spent, limit] = [reserved[d], settled[d], limits[d]]
    if (held !== 0) tell(held < 0 ? 'overspent' : 'money_held', `holds ${held} ${d} for calls that are over`)
    if (spent < 0 || (limit !== undefined && exact(spent + held - over[d] - above[d]) > limit))
      tell('overspent', `has ${spent} ${d} spent and ${held} held of ${limit ?? 'no limit'}`)
    if (spent !== charged[d])
      tell('ledger_off', `has ${spent} ${d} spent, the calls of its ledger come to ${charged[d]}`)
  }
  return found
}
