import { amountText } from './amount-text.ts'
import { exact, type BudgetStop } from './budget-account.ts'
import type { BudgetDimension } from './budget.ts'

const OPTIONS: Readonly<Record<BudgetDimension, string>> = {
  costUsd: '--usd',
  tokens: '--tokens',
  toolCalls: '--tool-calls',
  seconds: '--seconds',
}

/** Whether the call that was refused would be so again once nothing is held for others. `stop` is of its account as it is now. */
export const stopStands = ({ limit, settled, asked }: BudgetStop): boolean => exact(settled + asked) > limit

/** A run that rests at its deadline is to get something done before it rests again. */
export const LEAST_MORE_SECONDS = 60

/** How large the limit has to be at least, by the amounts of the stop. */
export const leastLimit = ({ level, dimension, settled, reserved, asked }: BudgetStop): number =>
  exact(settled + reserved + (level === 'run' && dimension === 'seconds' ? LEAST_MORE_SECONDS : asked))

/** Why a run that its budget has paused does not go on, and what lets it. */
export function describeStandingStop(runId: string, stop: BudgetStop): string {
  const { level, dimension, limit, settled, asked } = stop
  const spent = amountText(dimension, settled)
  const ofMonth = level === 'workspace' ? ' a month' : ''
  const needs = asked === 0 ? '' : `, and the call that it rests for may need ${amountText(dimension, asked, 'up')}`
  return `cannot resume ${runId}: the ${level}'s budget of ${amountText(dimension, limit)}${ofMonth} has ${spent} spent${needs}; ${mendOf(runId, level, dimension, leastLimit(stop))}`
}

function mendOf(runId: string, level: BudgetStop['level'], dimension: BudgetDimension, needed: number): string {
  const least = amountText(dimension, needed, 'up')
  const policy = `\`flotilla runs budget ${runId} --on-exceeded degrade\` or \`fail\``
  const option = `${OPTIONS[dimension]} N`
  switch (level) {
    case 'workspace':
      return `raise it to at least ${least} with \`flotilla budget set ${option}\`, or wait for the next month`
    case 'run':
      return `raise it to at least ${least} with \`flotilla runs budget ${runId} ${option}\`, which lets it go on`
    case 'task':
      return `a task's budget is fixed with its plan: resume it with another policy (${policy})`
  }
}
