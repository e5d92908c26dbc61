import { SELECTION_WEIGHTS, type Candidate, type TaskView } from '@flotilla/domain'
import { percent } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/page.tsx'
import { noSelectionText } from './absent-words.ts'

/** What each part of a score tells. */
const PARTS: Readonly<Record<keyof Candidate['parts'], string>> = {
  capability: 'how its capabilities fit the words of the task',
  success: 'its successes among tasks of this type, with a success and a failure assumed beforehand',
  quality: 'the mean score of its verdicts, with two middling ones assumed beforehand',
  latency: 'against the fastest candidate',
  cost: 'against the cheapest',
}
const NAMES = Object.keys(PARTS) as (keyof Candidate['parts'])[]
const SCORE_TEXT = `Each part of a score is between 0 and 1 and counts for a share of it: ${NAMES.map(
  (part) => `${part} ${percent(SELECTION_WEIGHTS[part])} (${PARTS[part]})`,
).join(', ')}. The best score gets the task.`

/** Why this agent: the candidates with the parts of their scores, and the reason as it was written down. */
export const SelectionRecord = ({ task: { selection, status } }: Readonly<{ task: TaskView }>) => (
  <Section title="Why this agent">
    {selection === null ? (
      <p className="px-3 py-2 text-muted">{noSelectionText({ status })}</p>
    ) : (
      <>
        <p className="px-3 py-2">
          {selection.agent} with {selection.model}
          {selection.drafted ? ', drafted for this role' : ''}. {selection.reason}.
        </p>
        {selection.candidates.length > 0 && <p className="px-3 pb-2 text-small text-muted">{SCORE_TEXT}</p>}
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
                    {NAMES.map((part) => `${part} ${parts[part].toFixed(2)}`).join(' · ')}
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
