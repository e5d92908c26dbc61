import { amountText, type BudgetDimension, type Spent } from '@flotilla/domain'

const DIMENSIONS: readonly BudgetDimension[] = ['costUsd', 'tokens', 'toolCalls', 'seconds']
const NAMES: Readonly<Record<BudgetDimension, string>> = {
  costUsd: 'Cost',
  tokens: 'Tokens',
  toolCalls: 'Tool calls',
  seconds: 'Time',
}

type Account = Readonly<{ limits: Readonly<Partial<Record<BudgetDimension, unknown>>>; reserved: Spent; spent: Spent }>

/** Spent, held for calls under way, and the limit, of each dimension that has one. */
export function BudgetGauge({ budget }: Readonly<{ budget: Account }>) {
  const limited = DIMENSIONS.flatMap((dimension) => {
    const limit = budget.limits[dimension]
    return typeof limit === 'number' ? [{ dimension, limit }] : []
  })
  if (limited.length === 0) return null
  return (
    <ul className="panel grid gap-x-6 gap-y-2 px-3 py-2 sm:grid-cols-2 lg:grid-cols-4" aria-label="Budget">
      {limited.map(({ dimension, limit }) => (
        <Gauge
          key={dimension}
          dimension={dimension}
          limit={limit}
          spent={budget.spent[dimension]}
          held={budget.reserved[dimension]}
        />
      ))}
    </ul>
  )
}

/** The limit's own text says what is counted. */
const bare = (dimension: BudgetDimension, amount: number): string => {
  const text = amountText(dimension, amount)
  return dimension === 'costUsd' ? text : text.replace(/ .+/, '')
}

type GaugeProps = Readonly<{ dimension: BudgetDimension; limit: number; spent: number; held: number }>

function Gauge({ dimension, limit, spent, held }: GaugeProps) {
  const share = (amount: number): number => (limit === 0 ? 100 : Math.min(100, (amount / limit) * 100))
  const tone = spent + held >= limit ? 'fill-bad' : share(spent) >= 80 ? 'fill-warn' : 'fill-active'
  return (
    <li>
      <div className="flex flex-wrap justify-between gap-x-2 text-small">
        <span className="text-muted">{NAMES[dimension]}</span>
        <span className="numeric">
          {bare(dimension, spent)}
          {held > 0 && ` + ${bare(dimension, held)} held`} of {amountText(dimension, limit)}
        </span>
      </div>
      <svg width="100%" height="6" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="6" className="fill-raised" />
        <rect width={share(spent + held)} height="6" className="fill-idle opacity-50" />
        <rect width={share(spent)} height="6" className={tone} />
      </svg>
    </li>
  )
}
