import type { RunSeries } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { count, duration, percent, usd } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'
import { groupTitle, groupWords, runsOf, seriesName, spanOf, type AnalyticsSearch, type Split } from './search.ts'

const known = (value: number | null, text: (value: number) => string): string => (value === null ? '–' : text(value))

/** The split charts' twin: each line over the whole time; each leads to its runs. */
export const SplitTable = ({
  series,
  split,
  search,
}: Readonly<{ series: readonly RunSeries[]; split: Split; search: AnalyticsSearch }>) => (
  <Section
    title={`By ${groupWords(split)}`}
    aside={
      <span className="text-small text-muted">
        success is of completed and failed runs, cancelled ones not counted
        {(split === 'agent' || split === 'model') && `; a run counts for each ${split} that it used`}
      </span>
    }
  >
    {series.length === 0 && (
      <p className="px-3 py-2 text-muted">None of these runs has used {split === 'agent' ? 'an agent' : 'a model'}.</p>
    )}
    {series.length > 0 && (
      <DataTable<RunSeries>
        label={`Runs by ${groupWords(split)}`}
        rows={series}
        keyOf={(one) => `${one.rest} ${one.key}`}
        columns={[
          {
            title: groupTitle(split),
            cell: (one) =>
              one.key === null ? (
                <span className="text-muted">{seriesName(one)}</span>
              ) : (
                <Link
                  to="/"
                  search={{ ...runsOf(search, split, one.key), days: spanOf(search) }}
                  className="text-accent underline break-words"
                >
                  {one.key}
                </Link>
              ),
          },
          { title: 'Runs', number: true, cell: ({ total }) => count(total.runs) },
          { title: 'Failed', number: true, wide: true, cell: ({ total }) => count(total.failed) },
          { title: 'Cancelled', number: true, wide: true, cell: ({ total }) => count(total.cancelled) },
          { title: 'Success', number: true, cell: ({ total }) => known(total.successRate, percent) },
          { title: 'Quality', number: true, cell: ({ total }) => known(total.meanQuality, percent) },
          { title: 'Duration', number: true, wide: true, cell: ({ total }) => known(total.meanDurationMs, duration) },
          { title: 'Tokens', number: true, wide: true, cell: ({ total }) => count(total.tokens) },
          { title: 'Cost', number: true, cell: ({ total }) => usd(total.costUsd) },
        ]}
      />
    )}
  </Section>
)
