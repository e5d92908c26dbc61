import type { CostReport } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { count, percent, usd } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'

const GROUPS = { model: 'model', agent: 'agent', task_type: 'type of task', purpose: 'purpose', run: 'run' } as const
const LABEL = /^[\w.-]{1,63}$/

/** What model calls were for, by whom, and what they have cost. */
export function CostBreakdown({ from }: Readonly<{ from: string }>) {
  const [group, setGroup] = useState('model')
  const [label, setLabel] = useState('')
  const by = group === 'label' ? `label:${label}` : group
  const { data } = useQuery({
    queryKey: ['costs', from, by],
    queryFn: ({ signal }) => client.costs({ from, by, limit: 50 }, { signal }),
    enabled: group !== 'label' || LABEL.test(label),
    placeholderData: (before) => before,
  })
  return (
    <Section
      title="Use and cost"
      aside={
        <span className="flex gap-2">
          <select aria-label="By" className="control" value={group} onChange={(event) => setGroup(event.target.value)}>
            {Object.entries(GROUPS).map(([key, words]) => (
              <option key={key} value={key}>
                by {words}
              </option>
            ))}
            <option value="label">by label …</option>
          </select>
          {group === 'label' && (
            <input
              aria-label="Key of the label"
              placeholder="team"
              className="control w-28 placeholder:text-muted"
              value={label}
              onChange={(event) => setLabel(event.target.value.trim())}
            />
          )}
        </span>
      }
    >
      {data !== undefined && <CostTable report={data} />}
    </Section>
  )
}

type Item = CostReport['items'][number]

const CostTable = ({ report }: Readonly<{ report: CostReport }>) => (
  <DataTable<Item>
    label={`Costs by ${report.by}`}
    rows={report.items}
    keyOf={({ key }) => key ?? ''}
    columns={[
      { title: 'What', cell: ({ key }) => <CostKey by={report.by} value={key} /> },
      { title: 'Calls', number: true, cell: ({ calls }) => count(calls) },
      { title: 'Input', number: true, cell: ({ tokens }) => count(tokens.inputTokens) },
      { title: 'Output', number: true, cell: ({ tokens }) => count(tokens.outputTokens) },
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

function CostKey({ by, value }: Readonly<{ by: string; value: string | null }>) {
  if (value === null) return <span className="text-muted">none</span>
  if (by === 'run')
    return (
      <Link to="/runs/$runId" params={{ runId: value }} search={{ view: 'cost' }} className="text-accent underline">
        {value}
      </Link>
    )
  if (by.startsWith('label:'))
    return (
      <Link to="/" search={{ label: `${by.slice('label:'.length)}:${value}` }} className="text-accent underline">
        {value}
      </Link>
    )
  return value
}
