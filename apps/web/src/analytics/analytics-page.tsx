import type { RunStats } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import { client } from '../api/client.ts'
import { count, duration, percent, usd } from '../format/quantities.ts'
import { BudgetGauge } from '../run/budget-gauge.tsx'
import { buttonClass } from '../parts/button.tsx'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { Chart, type Series } from './chart.tsx'
import { CostBreakdown } from './cost-breakdown.tsx'
import { csvOf, everyDay, type Day } from './days.ts'
import { DayTable } from './day-table.tsx'
import { ErrorsAndQuality } from './errors-and-quality.tsx'
import { SPANS, type AnalyticsSearch } from './span.ts'
import { DAY_MS } from '../format/times.ts'

const route = getRouteApi('/analytics')

/** How runs went, what they cost, and why they failed. */
export default function AnalyticsPage() {
  const { days: span = 30 } = route.useSearch()
  // Whole days, so that the time stays the same while the page is looked at.
  const from = new Date((Math.floor(Date.now() / DAY_MS) - span + 1) * DAY_MS).toISOString()
  const { data, error } = useQuery({
    queryKey: ['run-stats', from],
    queryFn: ({ signal }) => client.stats.runs({ from, limit: 1_000 }, { signal }),
    refetchInterval: 15_000,
  })
  const days = useMemo(() => (data === undefined ? [] : everyDay(data)), [data])
  return (
    <Page title="Analytics" actions={<SpanSelect span={span} days={days} />} lead={<MonthBudget />}>
      {error !== null && <Problem error={error} what="The figures could not be read." />}
      {data === undefined && error === null && <Loading what="figures" />}
      {data?.total.runs === 0 && (
        <Empty title="No run was created in this time.">
          With the first run this shows how runs end, how long they take, what they cost and how good they are.
        </Empty>
      )}
      {data !== undefined && data.total.runs > 0 && (
        <>
          <Charts stats={data} days={days} />
          <ErrorsAndQuality stats={data} />
          <CostBreakdown from={from} />
          <DayTable days={days} />
        </>
      )}
    </Page>
  )
}

function SpanSelect({ span, days }: Readonly<{ span: number; days: readonly Day[] }>) {
  const navigate = route.useNavigate()
  return (
    <>
      <select
        aria-label="Time"
        className="control"
        value={span}
        onChange={(event) => {
          const next = SPANS.find((one) => one === Number(event.target.value))
          void navigate({ search: (next === undefined || next === 30 ? {} : { days: next }) satisfies AnalyticsSearch })
        }}
      >
        {SPANS.map((one) => (
          <option key={one} value={one}>
            Last {one} days
          </option>
        ))}
      </select>
      <a
        className={buttonClass()}
        href={`data:text/csv;charset=utf-8,${encodeURIComponent(csvOf(days))}`}
        download="flotilla-runs-by-day.csv"
      >
        CSV
      </a>
    </>
  )
}

/** The month's limits, where there are some. */
function MonthBudget() {
  const { data } = useQuery({ queryKey: ['month'], queryFn: ({ signal }) => client.budget.get({ signal }) })
  if (data === undefined || Object.keys(data.limits).length === 0) return null
  return (
    <div>
      <p className="mb-1 text-muted">Budget of {data.month}</p>
      <BudgetGauge budget={data} />
    </div>
  )
}

function Charts({ stats: { total }, days }: Readonly<{ stats: RunStats; days: readonly Day[] }>) {
  const navigate = route.useNavigate()
  const charts = useMemo(() => chartsOf(total, days), [total, days])
  const dates = useMemo(() => days.map(({ day }) => day), [days])
  return (
    <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
      {charts.map((chart) => (
        <Chart key={chart.title} {...chart} days={dates} onDay={(day) => void navigate({ to: '/', search: { day } })} />
      ))}
    </div>
  )
}

type Drawn = Readonly<{ title: string; total: string; series: readonly Series[]; text: (value: number) => string }>

function chartsOf(total: RunStats['total'], days: readonly Day[]): Drawn[] {
  const line = (label: string, tone: Series['tone'], value: (day: Day) => number | null): Series => ({
    label,
    tone,
    values: days.map(value),
  })
  const known = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value))
  return [
    {
      title: 'Runs',
      total: `${count(total.runs)} runs`,
      text: count,
      series: [
        line('completed', 'good', (day) => day.completed),
        line('failed', 'bad', (day) => day.failed),
        line('cancelled', 'idle', (day) => day.cancelled),
      ],
    },
    {
      title: 'Success rate',
      total: known(total.successRate, percent),
      text: percent,
      series: [line('success rate', 'good', (day) => day.successRate)],
    },
    {
      title: 'Mean quality',
      total: known(total.meanQuality, percent),
      text: percent,
      series: [line('quality', 'judged', (day) => day.meanQuality)],
    },
    {
      title: 'Mean duration',
      total: known(total.meanDurationMs, duration),
      text: duration,
      series: [line('duration', 'active', (day) => day.meanDurationMs)],
    },
    {
      title: 'Tokens',
      total: `${count(total.tokens)} tokens`,
      text: count,
      series: [line('tokens', 'active', (day) => day.tokens)],
    },
    { title: 'Cost', total: usd(total.costUsd), text: usd, series: [line('cost', 'warn', (day) => day.costUsd)] },
  ]
}
