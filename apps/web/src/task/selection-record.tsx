import type { Candidate, Selection } from '@flotilla/domain'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'

const PARTS = ['capability', 'success', 'quality', 'latency', 'cost'] as const

/** Why this agent: the candidates with the parts of their scores, and the reason as it was written down. */
export const SelectionRecord = ({ selection }: Readonly<{ selection: Selection | null }>) => (
  <Section title="Why this agent">
    {selection === null ? (
      <p className="px-3 py-2 text-muted">None has been picked yet.</p>
    ) : (
      <>
        <p className="px-3 py-2">
          {selection.agent} with {selection.model}
          {selection.drafted ? ', drafted for this role' : ''}. {selection.reason}.
        </p>
        {selection.candidates.length > 0 && (
          <DataTable<Candidate>
            label="Candidates"
            rows={selection.candidates}
            keyOf={({ agentId, model }) => `${agentId} ${model}`}
            columns={[
              { title: 'Candidate', cell: ({ name }) => name },
              {
                title: 'Why',
                cell: ({ parts }) => (
                  <span className="text-muted">
                    {PARTS.map((part) => `${part} ${parts[part].toFixed(2)}`).join(' · ')}
                  </span>
                ),
              },
              { title: 'Score', number: true, cell: ({ score }) => score.toFixed(2) },
              { title: 'Tasks', number: true, cell: ({ runs }) => runs },
            ]}
          />
        )}
      </>
    )}
  </Section>
)
