import type { BudgetDimension, Spent } from '@flotilla/domain'
import { BUDGET_NAMES, amount, bareAmount, type BudgetTime } from '../format/amounts.ts'

export const GAUGED: readonly BudgetDimension[] = ['costUsd', 'tokens', 'toolCalls', 'seconds']

export type Account = Readonly<{
  limits: Readonly<Partial<Record<BudgetDimension, unknown>>>
  reserved: Spent
  spent: Spent
}>

/** Null: it has none. */
export const limitOf = ({ limits }: Account, dimension: BudgetDimension): number | null => {
  const limit = limits[dimension]
  return typeof limit === 'number' ? limit : null
}

export type BudgetGaugeProps = Readonly<{ budget: Account; time: BudgetTime }>

/** Spent, held for calls under way, and the limit, of each dimension that has one. */
export function BudgetGauge({ budget, time }: BudgetGaugeProps) {
  const limited = GAUGED.filter((dimension) => limitOf(budget, dimension) !== null)
  if (limited.length === 0) return null
  return (
    <ul className="panel grid gap-x-6 gap-y-2 px-3 py-2 sm:grid-cols-2 lg:grid-cols-4" aria-label="Budget">
      {limited.map((dimension) => (
        <li key={dimension}>
          <div className="flex flex-wrap justify-between gap-x-2 text-small">
            <span className="text-muted">{BUDGET_NAMES[time][dimension]}</span>
            <span className="numeric">{gaugeText(budget, dimension)}</span>
          </div>
          <GaugeBar budget={budget} dimension={dimension} />
        </li>
      ))}
    </ul>
  )
}

type DimensionProps = Readonly<{ budget: Account; dimension: BudgetDimension }>

/** `40 + 100 held of 5,000 tokens`. */
function gaugeText(budget: Account, dimension: BudgetDimension): string {
  const [held, limit] = [budget.reserved[dimension], limitOf(budget, dimension)]
  const holds = held > 0 ? ` + ${bareAmount(dimension, held)} held` : ''
  return `${bareAmount(dimension, budget.spent[dimension])}${holds} of ${amount(dimension, limit ?? 0)}`
}

/** How much of a limit is spent and held; empty where there is none. */
export function GaugeBar({ budget, dimension }: DimensionProps) {
  const [spent, held, limit] = [budget.spent[dimension], budget.reserved[dimension], limitOf(budget, dimension)]
  if (limit === null) return null
  const share = (value: number): number => (limit === 0 ? 100 : Math.min(100, (value / limit) * 100))
  const tone = spent + held >= limit ? 'fill-bad' : share(spent) >= 80 ? 'fill-warn' : 'fill-active'
  return (
    <svg width="100%" height="6" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="6" className="fill-raised" />
      <rect width={share(spent + held)} height="6" className="fill-idle opacity-50" />
      <rect width={share(spent)} height="6" className={tone} />
    </svg>
  )
}
