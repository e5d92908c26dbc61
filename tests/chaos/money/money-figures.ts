import { exact } from '@flotilla/domain'
import type { RunHistory } from '../history/history.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { ChaosBudget } from './chaos-budget.ts'

/** What a campaign's runs spent, and what kept them from spending more. */
export type MoneyFigures = {
  /** Model calls in the ledger, by what became of them; `unsettled` are neither paid nor given up. */
  calls: { settled: number; released: number; lost: number; unsettled: number }
  costUsd: number
  /** Runs with limits, and those of them with too little for what they had planned. */
  budgets: { runs: number; binding: number; exceeded: number; degraded: number; paused: number; toppedUp: number }
  /** Attempts that ended or waited since a call had no room. */
  refused: number
  /** By how many tokens and dollars accounts have passed their limits. */
  overspend: { tokens: number; costUsd: number }
  /** Used by calls that had been given up as lost, when nothing was left to charge them to. */
  over: { tokens: number; costUsd: number }
  /** Answers of the provider whose cost went down with their worker. */
  unpriced: { calls: number; tokens: number }
}

export const noMoney = (): MoneyFigures => ({
  calls: { settled: 0, released: 0, lost: 0, unsettled: 0 },
  costUsd: 0,
  budgets: { runs: 0, binding: 0, exceeded: 0, degraded: 0, paused: 0, toppedUp: 0 },
  refused: 0,
  overspend: { tokens: 0, costUsd: 0 },
  over: { tokens: 0, costUsd: 0 },
  unpriced: { calls: 0, tokens: 0 },
})

export function addMoney(
  figures: MoneyFigures,
  { events, attempts, accounts, ledger }: RunHistory,
  unpriced: readonly JournalEntry[],
  budget: ChaosBudget | null,
): void {
  const told = (type: string): number => events.filter((event) => event.type === type).length
  figures.budgets.runs += budget === null ? 0 : 1
  figures.budgets.binding += budget?.binds === true ? 1 : 0
  figures.budgets.exceeded += told('budget.exceeded')
  figures.budgets.degraded += told('budget.degraded')
  figures.budgets.paused += events.filter(({ type, data }) => type === 'run.paused' && data['by'] === 'budget').length
  figures.refused += attempts.filter(({ error }) => error === 'budget_exceeded').length
  for (const { kind, status, charged, over } of ledger) {
    if (kind === 'model') figures.calls[status === 'reserved' ? 'unsettled' : status]++
    figures.costUsd = exact(figures.costUsd + charged.costUsd)
    addTo(figures.over, over)
  }
  for (const { limits, settled, reserved, over } of accounts)
    addTo(figures.overspend, {
      tokens: Math.max(0, settled.tokens + reserved.tokens - over.tokens - (limits.tokens ?? Infinity)),
      costUsd: Math.max(0, exact(settled.costUsd + reserved.costUsd - over.costUsd) - (limits.costUsd ?? Infinity)),
    })
  figures.unpriced.calls += unpriced.length
  figures.unpriced.tokens += unpriced.reduce(
    (sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens,
    0,
  )
}

type TokensAndCost = { tokens: number; costUsd: number }

function addTo(sum: TokensAndCost, { tokens, costUsd }: Readonly<TokensAndCost>): void {
  sum.tokens += tokens
  sum.costUsd = exact(sum.costUsd + costUsd)
}

export function moneyLines({ calls, costUsd, budgets, refused, overspend, over, unpriced }: MoneyFigures): string[] {
  return [
    `money    ${calls.settled} calls settled for $${costUsd.toFixed(4)}, ${calls.released} released, ${calls.lost} lost, ${calls.unsettled} unsettled`,
    `         ${budgets.runs} runs with budgets, ${budgets.binding} too small: ${budgets.exceeded} exceeded, ${budgets.degraded} savings, ${budgets.paused} pauses, ${budgets.toppedUp} top-ups; ${refused} attempts refused`,
    `         overspend ${overspend.tokens} tokens, $${overspend.costUsd}; ${unpriced.calls} answers (${unpriced.tokens} tokens) lost with their worker, ${over.tokens} tokens charged to nobody`,
  ]
}
