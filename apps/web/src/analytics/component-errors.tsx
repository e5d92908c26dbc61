import type { ErrorStats } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { client } from '../api/client.ts'
import { count, plural } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { choiceQuery, type RunFilter } from '../runs/filter.ts'
import { Chart } from './chart.tsx'
import { CsvLink } from './csv-link.tsx'
import { daysOf } from './days.ts'
import { errorRows, errorSeries } from './error-series.ts'
import { useAnalyticsSearch } from './filter-bar.tsx'
import { choiceOf, spanOf } from './search.ts'

type Item = ErrorStats['items'][number]
const LOOK_EVERY_MS = 60_000

/** Which part of the system has failed, with whom, and when. */
export function ComponentErrors({ from }: Readonly<{ from: string }>) {
  const { search, navigate } = useAnalyticsSearch()
  const choice = choiceOf(search)
  const { data, error } = useQuery({
    queryKey: ['error-stats', from, choice],
    queryFn: ({ signal }) => client.stats.errors({ from, limit: 20, ...choiceQuery(choice) }, { signal }),
    placeholderData: (before) => before,
    refetchInterval: LOOK_EVERY_MS,
  })
  const chart = useMemo(
    () => data && { days: daysOf(data), series: errorSeries(data, choiceOf(search)) },
    [data, search],
  )
  if (error !== null) return <Problem error={error} what="The errors could not be read." />
  if (data === undefined || chart === undefined) return null
  if (data.items.length === 0)
    return (
      <Section title="Errors by component">
        <p className="px-3 py-2 text-muted">
          No attempt, tool call or run has failed. A failure stands here with the part that it is of (a model, a tool,
          an agent, the verifier, the planner, a budget, a worker), also where another try went well.
        </p>
      </Section>
    )
  return (
    <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
      <Chart
        title="Errors by component"
        total={plural(data.total, 'error')}
        {...chart}
        bars
        whole
        text={count}
        onPick={(day, series) => void navigate({ to: '/', search: { ...choice, ...series?.runs, day } })}
      />
      <ErrorTable stats={data} choice={{ ...choice, days: spanOf(search) }} />
    </div>
  )
}

const ErrorTable = ({ stats, choice }: Readonly<{ stats: ErrorStats; choice: RunFilter }>) => (
  <Section
    title="What failed"
    aside={
      <CsvLink
        what="errors by day"
        file="flotilla-errors-by-day.csv"
        columns={['day', 'component', 'error', 'name', 'errors']}
        rows={errorRows(stats)}
      />
    }
  >
    <DataTable<Item>
      label="What failed"
      rows={stats.items}
      keyOf={({ code, name }) => `${code} ${name}`}
      columns={[
        { title: 'Component', wide: true, cell: ({ component }) => component },
        {
          title: 'Error',
          cell: ({ code }) => (
            <Link to="/" search={{ ...choice, error: code }} className="text-accent underline">
              {code.replaceAll('_', ' ')}
            </Link>
          ),
        },
        {
          title: 'With',
          cell: ({ name }) => <span className="break-words">{name ?? <span className="text-muted">–</span>}</span>,
        },
        { title: 'Errors', number: true, cell: ({ errors }) => count(errors) },
        { title: 'Runs', number: true, wide: true, cell: ({ runs }) => count(runs) },
      ]}
    />
    {stats.rest > 0 && (
      <p className="border-t border-line px-3 py-1.5 text-muted">and {plural(stats.rest, 'rarer error')}</p>
    )}
  </Section>
)
