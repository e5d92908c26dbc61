import type { RunStats } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { client } from '../api/client.ts'
import { DAY_MS } from '../format/times.ts'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { BudgetGauge } from '../run/budget-gauge.tsx'
import { choiceQuery } from '../runs/filter.ts'
import { Chart } from './chart.tsx'
import { ComponentErrors } from './component-errors.tsx'
import { CsvLink } from './csv-link.tsx'
import { DayTable } from './day-table.tsx'
import { SUM_HEADS, csvRows, daysOf, everyDay } from './days.ts'
import { ErrorsAndQuality } from './errors-and-quality.tsx'
import { AnalyticsFilter, useAnalyticsSearch } from './filter-bar.tsx'
import { runCharts } from './run-charts.ts'
import { choiceOf, groupWords, spanOf, type AnalyticsSearch } from './search.ts'
import { TOP } from './series-looks.ts'
import { SplitTable } from './split-table.tsx'
import { UseAndCost } from './use-and-cost.tsx'

/** How runs went, what they cost, and what failed: of all, or of some, told apart or not. */
export default function AnalyticsPage() {
  const { search } = useAnalyticsSearch()
  const { split } = search
  const choice = choiceOf(search)
  // Whole days, so that the time stays the same while the page is looked at.
  const today = Math.floor(Date.now() / DAY_MS)
  const dayAt = (day: number): string => new Date(day * DAY_MS).toISOString()
  const [from, to] = [dayAt(today - spanOf(search) + 1), dayAt(today + 1)]
  const { data, error } = useQuery({
    queryKey: ['run-stats', from, choice, split],
    queryFn: ({ signal }) =>
      client.stats.runs({ from, limit: 1_000, ...choiceQuery(choice), ...(split && { split, top: TOP }) }, { signal }),
    refetchInterval: 15_000,
    // What is narrowed anew keeps its place until its figures are there.
    placeholderData: (before) => before,
  })
  return (
    <Page
      title="Analytics"
      actions={data !== undefined && <RunsCsv stats={data} search={search} />}
      lead={
        <>
          <AnalyticsFilter />
          <MonthBudget />
        </>
      }
    >
      {error !== null && <Problem error={error} what="The figures could not be read." />}
      {data === undefined && error === null && <Loading what="figures" />}
      {data?.total.runs === 0 && <Nothing narrowed={Object.keys(choice).length > 0} />}
      {data !== undefined && data.total.runs > 0 && (
        <>
          <RunCharts stats={data} />
          {split !== undefined && <SplitTable series={data.series} split={split} search={search} />}
          <ErrorsAndQuality stats={data} search={search} />
          <ComponentErrors from={from} />
        </>
      )}
      {data !== undefined && <UseAndCost from={from} to={to} />}
      {data !== undefined && data.total.runs > 0 && <DayTable days={everyDay(data)} choice={choice} />}
    </Page>
  )
}

const Nothing = ({ narrowed }: Readonly<{ narrowed: boolean }>) =>
  narrowed ? (
    <Empty title="No such run was created in this time.">Take a part of the filter away, or look at more days.</Empty>
  ) : (
    <Empty title="No run was created in this time.">
      With the first run this shows how runs end, how long they take, what they cost and how good they are: by day, and
      told apart by label, agent, model, type, mode or state.{' '}
      <Link to="/new" className="text-accent underline">
        Create a run
      </Link>
    </Empty>
  )

const RunsCsv = ({ stats, search: { split } }: Readonly<{ stats: RunStats; search: AnalyticsSearch }>) => {
  const columns = split === undefined ? ['day', ...SUM_HEADS] : ['day', groupWords(split), ...SUM_HEADS]
  const file = split === undefined ? 'flotilla-runs-by-day.csv' : 'flotilla-runs-by-day-split.csv'
  const rows = csvRows(everyDay(stats), split === undefined ? null : stats.series)
  return <CsvLink what="runs by day" file={file} columns={columns} rows={rows} />
}

/** The month's limits, where there are some. */
function MonthBudget() {
  const { data } = useQuery({ queryKey: ['month'], queryFn: ({ signal }) => client.budget.get({ signal }) })
  if (data === undefined || Object.keys(data.limits).length === 0) return null
  return (
    <div>
      <p className="mb-1 text-muted">Budget of {data.month}</p>
      <BudgetGauge budget={data} time="worked" />
    </div>
  )
}

function RunCharts({ stats }: Readonly<{ stats: RunStats }>) {
  const { search, navigate } = useAnalyticsSearch()
  const charts = useMemo(() => runCharts(stats, search), [stats, search])
  const days = useMemo(() => daysOf(stats), [stats])
  return (
    <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
      {charts.map((chart) => (
        <Chart
          key={chart.title}
          {...chart}
          days={days}
          onPick={(day, series) => void navigate({ to: '/', search: { ...choiceOf(search), ...series?.runs, day } })}
        />
      ))}
    </div>
  )
}
