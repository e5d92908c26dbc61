import type { CostReport } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { client } from '../api/client.ts'
import { count, plural, usd } from '../format/quantities.ts'
import { Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { choiceQuery } from '../runs/filter.ts'
import { Chart } from './chart.tsx'
import { CostTable } from './cost-table.tsx'
import { CsvLink } from './csv-link.tsx'
import { daysOf } from './days.ts'
import { useAnalyticsSearch } from './filter-bar.tsx'
import { GroupSelect } from './group-select.tsx'
import { choiceOf, groupWords, leadsToRuns, runsOf, USES, type Use } from './search.ts'
import { TOP } from './series-looks.ts'
import { USE_MEASURES, usageRows, usageSeries, type UseMeasure } from './usage-series.ts'

const LOOK_EVERY_MS = 60_000

/** What model calls were for, by whom, when, and what they have cost. */
export function UseAndCost({ from, to }: Readonly<{ from: string; to: string }>) {
  const { search, set } = useAnalyticsSearch()
  const use = search.use ?? 'model'
  const choice = choiceOf(search)
  const { data, error } = useQuery({
    queryKey: ['costs', from, use, choice],
    queryFn: ({ signal }) =>
      client.costs({ from, to, by: use, over: 'day', top: TOP, limit: 50, ...choiceQuery(choice) }, { signal }),
    placeholderData: (before) => before,
    refetchInterval: LOOK_EVERY_MS,
  })
  if (error !== null) return <Problem error={error} what="The costs could not be read." />
  if (data === undefined) return null
  return (
    <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
      <UseChart report={data} use={use} />
      <Section
        title="Use and cost"
        aside={
          <span className="flex flex-wrap gap-2">
            <GroupSelect label="By" groups={USES} value={use} onChange={(next) => set({ use: next })} />
            <CsvLink
              what="use by day"
              file="flotilla-use-by-day.csv"
              columns={['day', groupWords(use), 'calls', 'inputTokens', 'outputTokens', 'costUsd']}
              rows={usageRows(data)}
            />
          </span>
        }
      >
        {data.items.length === 0 ? (
          <p className="px-3 py-2 text-muted">
            No model was called in this time. Calls stand here with their tokens and their cost, told apart by model,
            agent, type of task, purpose, run or label.
          </p>
        ) : (
          <CostTable report={data} use={use} />
        )}
      </Section>
    </div>
  )
}

function UseChart({ report, use }: Readonly<{ report: CostReport; use: Use }>) {
  const { search, navigate } = useAnalyticsSearch()
  const [measure, setMeasure] = useState<UseMeasure>('calls')
  const days = useMemo(() => daysOf(report), [report])
  const series = useMemo(
    () =>
      usageSeries(report, measure, (key) => (leadsToRuns(use) && key !== null ? runsOf(search, use, key) : undefined)),
    [report, measure, use, search],
  )
  const { total } = report
  const totals: Readonly<Record<UseMeasure, string>> = {
    calls: plural(total.calls, 'call'),
    tokens: `${count(total.tokens.inputTokens + total.tokens.outputTokens)} tokens`,
    cost: usd(total.cost.totalUsd),
  }
  return (
    <Chart
      title={`Use by ${groupWords(use)}`}
      total={totals[measure]}
      aside={
        <select
          aria-label="Measure"
          className="control"
          value={measure}
          onChange={(event) => setMeasure(USE_MEASURES.find((one) => one === event.target.value) ?? 'calls')}
        >
          {USE_MEASURES.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      }
      days={days}
      series={series}
      bars
      whole={measure !== 'cost'}
      text={measure === 'cost' ? usd : count}
      onPick={(day, picked) => void navigate({ to: '/', search: { ...choiceOf(search), ...picked?.runs, day } })}
    />
  )
}
