import { amountText } from './amount-text.ts'
import type { BudgetDimension, BudgetLimits, Spent } from './budget.ts'

/**
 * What a call may use, does use, or is charged. `seconds` is time worked, the sum over calls: it adds up over parallel tasks,
 * which wall time does not; a run's wall time is its deadline.
 */
export type Amounts = Spent
export const BUDGET_DIMENSIONS: readonly BudgetDimension[] = ['tokens', 'costUsd', 'toolCalls', 'seconds']

/** From the innermost to the outermost. A sub-run's account comes with those of the run and task that it draws on. */
export type BudgetLevel = 'task' | 'run' | 'workspace'

/** One level's account. A dimension without a limit has room for everything. Settled and reserved pass a limit only by what calls used and had not held, and by what was there when it was lowered. */
export type BudgetAccount = Readonly<{
  level: BudgetLevel
  limits: BudgetLimits
  /** Held for calls that are under way. */
  reserved: Amounts
  /** Charged for calls that have ended. */
  settled: Amounts
}>

/** Why a call does not fit: the first account, and in it the first dimension, that is too small for it. */
export type BudgetStop = Readonly<{
  level: BudgetLevel
  dimension: BudgetDimension
  limit: number
  reserved: number
  settled: number
  asked: number
}>

/** Amounts are kept to a ten-billionth, as the record does, so that what is held and given back cancels out. */
export const exact = (value: number): number => Math.round(value * 1e10) / 1e10

export const roomOf = (account: BudgetAccount, dimension: BudgetDimension): number => {
  const limit = account.limits[dimension]
  return limit === undefined ? Infinity : exact(limit - account.settled[dimension] - account.reserved[dimension])
}

export type Reserved =
  | Readonly<{ ok: true; accounts: readonly BudgetAccount[] }>
  | Readonly<{ ok: false; stop: BudgetStop }>

/** Holds what a call may use at most, at every level or at none. */
export function reserveAmounts(accounts: readonly BudgetAccount[], ask: Amounts): Reserved {
  for (const account of accounts) {
    const dimension = BUDGET_DIMENSIONS.find((each) => ask[each] > 0 && ask[each] > roomOf(account, each))
    if (dimension !== undefined) return { ok: false, stop: stopOf(account, dimension, ask[dimension]) }
  }
  return { ok: true, accounts: accounts.map((a) => ({ ...a, reserved: plus(a.reserved, ask) })) }
}

const stopOf = (account: BudgetAccount, dimension: BudgetDimension, asked: number): BudgetStop => ({
  level: account.level,
  dimension,
  limit: account.limits[dimension] ?? Infinity,
  reserved: account.reserved[dimension],
  settled: account.settled[dimension],
  asked,
})

/** `over` is the part of `charged` that was not held: an account passes its limit by that at most. */
export type Settled = Readonly<{ accounts: readonly BudgetAccount[]; charged: Amounts; over: Amounts }>

/**
 * Replaces what was held for a call by what it used, the same at every level, also where that passes a limit: a call that used
 * more than was held, or whose hold was given up as lost before its usage came in, has cost what it has cost.
 */
export function settleAmounts(accounts: readonly BudgetAccount[], held: Amounts, actual: Amounts): Settled {
  return {
    accounts: releaseAmounts(accounts, held).map((account) => ({ ...account, settled: plus(account.settled, actual) })),
    charged: actual,
    over: mapAmounts((d) => Math.max(0, exact(actual[d] - held[d]))),
  }
}

/** Gives back what was held for a call that did not happen. */
export const releaseAmounts = (accounts: readonly BudgetAccount[], held: Amounts): readonly BudgetAccount[] =>
  accounts.map((account) => ({ ...account, reserved: mapAmounts((d) => exact(account.reserved[d] - held[d])) }))

/** What to say of limits that are below what is spent and held, as after an emergency stop; null where none is. */
export function lowLimitText(
  { limits, reserved, spent }: Readonly<{ limits: BudgetLimits; reserved: Amounts; spent: Amounts }>,
  calls: number,
): string | null {
  const low = BUDGET_DIMENSIONS.filter((each) => exact(spent[each] + reserved[each]) > (limits[each] ?? Infinity))
  if (low.length === 0) return null
  const told = low.map(
    (each) =>
      `the limit of ${amountText(each, limits[each] ?? 0)} is below what is spent (${amountText(each, spent[each])}) and held (${amountText(each, reserved[each])})`,
  )
  const held = low.filter((each) => reserved[each] > 0).map((each) => amountText(each, reserved[each], 'up'))
  const underWay = calls === 1 ? '1 call under way' : `${calls} calls under way`
  const rest = held.length === 0 || calls === 0 ? '' : `; ${underWay} may still use ${held.join(', ')}`
  return `${told.join(', ')}: nothing more begins${rest}`
}

/**
 * That what is left of a limit is less than a model call of the run has used so far on average, so that the next one may
 * not be paid for; null where it is not so.
 */
export function scarceText(
  { limits, spent }: Readonly<{ limits: BudgetLimits; spent: Amounts }>,
  modelCalls: number,
): string | null {
  if (modelCalls === 0) return null
  const told = (['tokens', 'costUsd'] as const).flatMap((each) => {
    const left = exact((limits[each] ?? Infinity) - spent[each])
    const average = spent[each] / modelCalls
    if (left < 0 || left >= average) return []
    return [
      `of the limit of ${amountText(each, limits[each] ?? 0)} are ${amountText(each, left, 'down')} left, and a model call of this run has used ${amountText(each, average, 'up')} on average`,
    ]
  })
  return told.length === 0 ? null : `${told.join('; ')}: the next one may not fit`
}

const plus = (a: Amounts, b: Amounts): Amounts => mapAmounts((d) => exact(a[d] + b[d]))
const mapAmounts = (of: (dimension: BudgetDimension) => number): Amounts => ({
  tokens: of('tokens'),
  costUsd: of('costUsd'),
  toolCalls: of('toolCalls'),
  seconds: of('seconds'),
})

/** A sentence for events and errors; `what` did not fit. */
export function describeCallStop(
  { level, dimension, limit, reserved, settled, asked }: BudgetStop,
  what = 'the call',
): string {
  const left = Math.max(0, exact(limit - settled - reserved))
  const ofMonth = level === 'workspace'
  const mend = ofMonth ? ': raise it with `flotilla budget set`, or wait for the next month' : ''
  const [spent, held] = [amountText(dimension, settled), amountText(dimension, reserved)]
  return `the ${level}'s budget of ${amountText(dimension, limit)}${ofMonth ? ' a month' : ''} has ${amountText(dimension, left, 'down')} left (${spent} spent, ${held} reserved), and ${what} may need ${amountText(dimension, asked, 'up')}${mend}`
}
