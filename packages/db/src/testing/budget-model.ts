import {
  NO_SPEND,
  releaseAmounts,
  reserveAmounts,
  settleAmounts,
  type Amounts,
  type BudgetAccount,
  type BudgetLimits,
} from '@flotilla/domain'

type ModelCall = { idx: number; held: Amounts; status: 'reserved' | 'settled' | 'released' | 'lost' }
export type AccountName = 'task0' | 'task1' | 'run' | 'workspace'

/** What the record should say of a run with two tasks: the pure accounts, and the states of calls. */
export class BudgetModel {
  readonly accounts: Record<AccountName, BudgetAccount>
  readonly calls = new Map<string, ModelCall>()

  constructor(limits: Readonly<{ task: BudgetLimits; run: BudgetLimits; workspace: BudgetLimits }>) {
    const open = (level: BudgetAccount['level']): BudgetAccount => ({
      level,
      limits: limits[level],
      reserved: NO_SPEND,
      settled: NO_SPEND,
    })
    this.accounts = { task0: open('task'), task1: open('task'), run: open('run'), workspace: open('workspace') }
  }

  reserve(idx: number, key: string, ask: Amounts): string {
    const known = this.calls.get(key)
    if (known !== undefined)
      return known.status === 'reserved' ? 'admitted' : known.status === 'settled' ? 'settled' : 'closed'
    const result = reserveAmounts(this.#of(idx), ask)
    if (!result.ok) return 'budget'
    this.#put(idx, result.accounts)
    this.calls.set(key, { idx, held: ask, status: 'reserved' })
    return 'admitted'
  }

  settle(key: string, used: Amounts | null): string {
    const call = this.calls.get(key)
    if (call === undefined) return 'unknown'
    if (call.status === 'settled' || (used === null && call.status !== 'reserved')) return 'already'
    const held = call.status === 'reserved' ? call.held : NO_SPEND
    const accounts = this.#of(call.idx)
    this.#put(call.idx, used === null ? releaseAmounts(accounts, held) : settleAmounts(accounts, held, used).accounts)
    call.status = used === null ? 'released' : 'settled'
    return call.status
  }

  lose(idx: number): number {
    const lost = [...this.calls.values()].filter((call) => call.idx === idx && call.status === 'reserved')
    for (const call of lost) {
      this.#put(idx, releaseAmounts(this.#of(idx), call.held))
      call.status = 'lost'
    }
    return lost.length
  }

  limit(name: AccountName, limits: BudgetLimits): boolean {
    this.accounts[name] = { ...this.accounts[name], limits }
    return true
  }

  #of(idx: number): BudgetAccount[] {
    return [idx === 0 ? this.accounts.task0 : this.accounts.task1, this.accounts.run, this.accounts.workspace]
  }

  #put(idx: number, [task, run, workspace]: readonly BudgetAccount[]): void {
    if (!task || !run || !workspace) throw new Error('expected the accounts of task, run and workspace')
    Object.assign(this.accounts, { [idx === 0 ? 'task0' : 'task1']: task, run, workspace })
  }
}
