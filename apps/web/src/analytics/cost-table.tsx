import type { CostReport } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { count, percent, usd } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { useAnalyticsSearch } from './filter-bar.tsx'
import { groupTitle, groupWords, leadsToRuns, runsOf, spanOf, type Use } from './search.ts'

type Item = CostReport['items'][number]

/** What each has used, the dearest first; each leads to its runs. */
export const CostTable = ({ report, use }: Readonly<{ report: CostReport; use: Use }>) => (
  <DataTable<Item>
    label={`Use by ${groupWords(use)}`}
    rows={report.items}
    keyOf={({ key }) => key ?? ''}
    columns={[
      { title: groupTitle(use), cell: ({ key }) => <CostKey use={use} value={key} /> },
      { title: 'Calls', number: true, cell: ({ calls }) => count(calls) },
      { title: 'Input', number: true, wide: true, cell: ({ tokens }) => `${count(tokens.inputTokens)} tokens` },
      { title: 'Output', number: true, wide: true, cell: ({ tokens }) => `${count(tokens.outputTokens)} tokens` },
      { title: 'Cost', number: true, cell: ({ cost }) => usd(cost.totalUsd) },
      {
        title: 'Share',
        number: true,
        wide: true,
        cell: ({ cost, calls }) =>
          percent(
            report.total.cost.totalUsd > 0
              ? cost.totalUsd / report.total.cost.totalUsd
              : calls / Math.max(1, report.total.calls),
          ),
      },
    ]}
  />
)

function CostKey({ use, value }: Readonly<{ use: Use; value: string | null }>) {
  const { search } = useAnalyticsSearch()
  const look = 'text-accent underline break-words'
  if (value === null) return <span className="text-muted">none</span>
  if (use === 'run')
    return (
      <Link to="/runs/$runId" params={{ runId: value }} search={{ view: 'cost' }} className={look}>
        {value}
      </Link>
    )
  if (!leadsToRuns(use)) return value.replaceAll('_', ' ')
  return (
    <Link to="/" search={{ ...runsOf(search, use, value), days: spanOf(search) }} className={look}>
      {value}
    </Link>
  )
}
