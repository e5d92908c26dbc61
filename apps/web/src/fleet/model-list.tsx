import type { ModelView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { usd } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'

/** The models in use and their prices. */
export function ModelList() {
  const { data } = useQuery({ queryKey: ['models'], queryFn: ({ signal }) => client.models({ signal }) })
  if (data === undefined) return null
  return (
    <Section
      title="Models"
      aside={<span className="text-small text-muted">US dollars per million tokens, prices of {data.prices.asOf}</span>}
      lead="The default one does tasks, plans and judges, the utility one small jobs such as analyses; a fallback stands in for one that does not answer, and others are named by an agent. Input is what is sent to a model, cached what of it the provider has read before, output what it answers."
    >
      <DataTable<ModelView>
        label="Models"
        rows={data.items}
        keyOf={({ model }) => model}
        columns={[
          { title: 'Model', cell: ({ model, simulated }) => (simulated ? `${model} (simulated)` : model) },
          { title: 'Used as', cell: ({ uses }) => uses.join(', ') },
          {
            title: 'State',
            cell: ({ available, problem }) =>
              available ? 'available' : <span className="text-bad">{problem ?? 'not available'}</span>,
          },
          {
            title: 'Input, $',
            number: true,
            wide: true,
            cell: ({ price }) => (price === null ? '–' : usd(price.input)),
          },
          {
            title: 'Cached, $',
            number: true,
            wide: true,
            cell: ({ price }) => (price === null ? '–' : usd(price.cachedInput)),
          },
          {
            title: 'Output, $',
            number: true,
            wide: true,
            cell: ({ price }) => (price === null ? '–' : usd(price.output)),
          },
        ]}
      />
    </Section>
  )
}
